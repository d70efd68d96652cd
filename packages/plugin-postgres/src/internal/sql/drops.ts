/** What is gone after a statement that drops something. */
import type { DropStmt, Node, ObjectType } from "libpg-query"
import type { Hazard } from "../../Sql.ts"
import { type Circumstances, type Effect, hazard, isShared, sizeOf, together } from "./effect.ts"
import { partsOf, qualified } from "./nodes.ts"

const wordOf = (type: ObjectType | undefined): string =>
  (type ?? "OBJECT_OTHER")
    .replace("OBJECT_", "")
    .replace("MATVIEW", "materialized view")
    .replaceAll("_", " ")
    .toLowerCase()

/** What has no schema. */
const global: ReadonlySet<string | undefined> = new Set([
  "OBJECT_SCHEMA",
  "OBJECT_EXTENSION",
  "OBJECT_PUBLICATION",
  "OBJECT_LANGUAGE",
  "OBJECT_FDW",
  "OBJECT_FOREIGN_SERVER",
  "OBJECT_EVENT_TRIGGER",
  "OBJECT_ACCESS_METHOD"
])

/** What stands on a table, whose name ends with its own. */
const onTable: ReadonlySet<string | undefined> = new Set(["OBJECT_TRIGGER", "OBJECT_RULE", "OBJECT_POLICY"])

export const drop = (statement: DropStmt, here: Circumstances): Effect => {
  const { behavior, objects, removeType } = statement
  const cascades = behavior === "DROP_CASCADE"
  return together(
    (objects ?? []).map((object) => dropped(object, removeType, cascades, statement.concurrent === true, here))
  )
}

const dropped = (
  node: Node,
  type: ObjectType | undefined,
  cascades: boolean,
  concurrent: boolean,
  here: Circumstances
): Effect => {
  const parts = partsOf(node)
  const word = wordOf(type)
  const object = global.has(type) || onTable.has(type) ? parts.join(".") : qualified(parts)
  const gone = (message: string, severity: Hazard["severity"]) => [hazard("drop", object, message, severity)]
  const further = cascades ? ", and with it whatever depends on it" : ""
  switch (type) {
    case "OBJECT_TABLE":
    case "OBJECT_FOREIGN_TABLE": {
      if (!isShared(object, here)) return {}
      const isForeign = type === "OBJECT_FOREIGN_TABLE"
      const loss = hazard(
        "data-loss",
        object,
        `the rows of the table are gone${sizeOf(object, here)}${further}`,
        "error"
      )
      return {
        lock: "ACCESS EXCLUSIVE",
        dataLoss: !isForeign,
        hazards: isForeign ? gone(`the ${word} is dropped${further}`, "warning") : [loss]
      }
    }
    case "OBJECT_VIEW":
    case "OBJECT_MATVIEW":
      return here.made.has(object)
        ? {}
        : { lock: "ACCESS EXCLUSIVE", hazards: gone(`the ${word} is dropped${further}`, "warning") }
    case "OBJECT_INDEX":
      return here.made.has(object)
        ? {}
        : {
            lock: concurrent ? "SHARE UPDATE EXCLUSIVE" : "ACCESS EXCLUSIVE",
            hazards: gone("the index is dropped", "warning")
          }
    case "OBJECT_TRIGGER":
    case "OBJECT_RULE":
    case "OBJECT_POLICY":
      if (here.made.has(qualified(parts.slice(0, -1)))) return {}
      return { lock: "ACCESS EXCLUSIVE", hazards: gone(`the ${word} is dropped`, "warning") }
    case "OBJECT_SCHEMA":
    case "OBJECT_EXTENSION":
    case "OBJECT_TYPE":
    case "OBJECT_DOMAIN":
    case "OBJECT_COLLATION":
    case "OBJECT_ACCESS_METHOD":
      if (here.made.has(object)) return {}
      // Columns of a type or a collation go with it, and tables with their schema or what keeps their rows.
      return cascades
        ? {
            lock: "ACCESS EXCLUSIVE",
            dataLoss: true,
            hazards: [hazard("data-loss", object, `the ${word} is dropped${further}: tables and columns too`, "error")]
          }
        : { hazards: gone(`the ${word} is dropped`, "warning") }
    default:
      return { hazards: gone(`the ${word} is dropped${further}`, "warning") }
  }
}
