/** `shipshape schema diff`: the statements that make one schema into another. */
import * as path from "node:path"
import { command } from "@shipshape/core/cli"
import * as Effect from "effect/Effect"
import * as Compare from "../../Compare.ts"
import { UsageInvalid } from "../../PostgresError.ts"
import { readSql } from "./reading.ts"
import { schemaText, sqlText } from "./schemaText.ts"

const example = "shipshape schema diff --from postgres://user@host/production --to postgres://user@host/staging"

const required = (flag: string, value: string | undefined): Effect.Effect<string, UsageInvalid> =>
  value === undefined || value === ""
    ? Effect.fail(new UsageInvalid({ message: `schema diff needs ${flag}: what is compared`, hint: example }))
    : Effect.succeed(value)

const isUrl = (text: string): boolean => /^postgres(ql)?:\/\//i.test(text)

export const schemaDiff = command({
  description: "Compare two schemas, and give the statements that make the first into the second.",
  operands: { name: "", description: "", count: "none" },
  flags: {
    from: { kind: "text", metavar: "SCHEMA", description: "What there is: a URL, a file of SQL, or a folder of such" },
    to: { kind: "text", metavar: "SCHEMA", description: "What there should be, likewise" },
    renames: { kind: "text", metavar: "FILE", description: "What is renamed and not dropped, as JSON" },
    online: { kind: "switch", description: "Make indexes and constraints of existing tables without long locks" },
    prove: { kind: "switch", description: "Run the statements on a copy of the schema, and compare what comes of it" },
    scratch: { kind: "text", metavar: "URL", description: "A server for scratch databases (default: that of a side)" },
    json: { kind: "switch", description: "Print nothing but JSON to standard output" },
    sql: { kind: "switch", description: "Print nothing but SQL to standard output" }
  },
  run: Effect.fnUntraced(function* ({ flags, terminal }) {
    const placed = (text: string) => (isUrl(text) ? text : path.resolve(terminal.directory, text))
    const [from, to] = [placed(yield* required("--from", flags.from)), placed(yield* required("--to", flags.to))]
    if (flags.json && flags.sql) {
      return yield* new UsageInvalid({ message: "--json and --sql exclude each other", hint: "leave one of them out" })
    }
    const renames =
      flags.renames === undefined
        ? []
        : yield* Effect.flatMap(readSql(terminal.directory, flags.renames), (text) => Compare.renames(text))
    const { online, prove, scratch } = flags
    const script = yield* Compare.compare({ from, to, renames, online, prove, scratch })
    terminal.out(flags.json ? `${JSON.stringify(script)}\n` : flags.sql ? sqlText(script) : schemaText(script, prove))
    return script.hazards.some(({ severity }) => severity === "error") ? 1 : 0
  })
})
