/** Names that are not what they seem. */
import { type Found, head, place, type Rule } from "../script.ts"

const longest = 63

export const tooLong: Rule = {
  name: "identifier-too-long",
  severity: "warning",
  title: "a name of more than 63 bytes",
  why: "PostgreSQL cuts it off and goes on: two long names can become one, and IF NOT EXISTS then finds the other.",
  hint: "use a shorter name",
  *check({ tokens, within }) {
    if (within !== undefined) return
    for (const { end, start, text } of tokens) {
      const name = text.startsWith('"')
        ? text.slice(1, -1).replaceAll('""', '"')
        : /^[a-z_\u0080-\uffff]/.test(text)
          ? text
          : ""
      const bytes = Buffer.byteLength(name)
      if (bytes > longest && !/^(?:[enbx]|u&)?'/.test(text)) {
        yield { at: start, to: end, message: `this name has ${bytes} bytes, and is cut off after ${longest}` }
      }
    }
  }
}

const repeated = (names: ReadonlyArray<string>): string | undefined =>
  names.find((name, i) => names.indexOf(name) !== i)

export const twice: Rule = {
  name: "ban-duplicate-column-assignments",
  severity: "error",
  title: "a column that is named twice",
  why: "PostgreSQL refuses the statement (42601 or 42701).",
  hint: "leave one of them",
  *check(statement): Generator<Found> {
    const { node } = statement
    if ("UpdateStmt" in node) {
      const targets = (node.UpdateStmt.targetList ?? []).flatMap((one) => ("ResTarget" in one ? one.ResTarget : []))
      // a[1] = …, a[2] = … is fine.
      const names = targets.flatMap(({ indirection, name = "" }) => (indirection === undefined ? name : []))
      const name = repeated(names)
      const second = targets.findLast((target) => target.name === name)
      if (name !== undefined) yield { at: place(statement, second?.location), message: `${name} is set twice` }
    } else if ("CreateStmt" in node) {
      const columns = (node.CreateStmt.tableElts ?? []).flatMap((one) => ("ColumnDef" in one ? one.ColumnDef : []))
      const name = repeated(columns.map(({ colname = "" }) => colname))
      const second = columns.findLast((column) => column.colname === name)
      if (name !== undefined) yield { at: place(statement, second?.location), message: `${name} is declared twice` }
    } else if ("ViewStmt" in node) {
      const name = repeated(
        (node.ViewStmt.aliases ?? []).flatMap((one) => ("String" in one ? (one.String.sval ?? "") : []))
      )
      if (name !== undefined) yield { ...head(statement, 2), message: `${name} is declared twice` }
    }
  }
}
