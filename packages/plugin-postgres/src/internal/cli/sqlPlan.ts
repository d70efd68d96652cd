/** `shipshape sql plan FILE`: what a file of SQL does, in which order it is committed, and what should be known before. */
import { command } from "@shipshape/core/cli"
import * as Effect from "effect/Effect"
import { UsageInvalid } from "../../PostgresError.ts"
import { catalogOf, questionFor } from "../sql/catalog.ts"
import { dryRun } from "../sql/dryRun.ts"
import { nodesOf, type PlannedScript, planOf, type Server } from "../sql/plan.ts"
import { type SqlFile, statementsOf } from "../sql/split.ts"
import { openReading, serverAt } from "./against.ts"
import { planText } from "./planText.ts"
import { readSql } from "./reading.ts"

/** The versions whose rules are known. */
const versions = { oldest: 11, newest: 18 } as const

/** The flags that say for which server. */
export const serverFlags = {
  against: { kind: "text", metavar: "URL", description: "Look at this server: its version, tables and functions" },
  serverVersion: {
    kind: "text",
    metavar: "N",
    description: "The server's major version, 11 to 18 (default: what holds for 12 to 18)"
  }
} as const

/** The version that a command is told, where it is told one. */
export const versionOf = Effect.fnUntraced(function* (flags: {
  readonly against: string | undefined
  readonly serverVersion: string | undefined
}) {
  const { against, serverVersion } = flags
  if (serverVersion === undefined) return undefined
  if (against !== undefined) {
    return yield* new UsageInvalid({
      message: "--against and --server-version contradict each other: the server says its version",
      hint: "leave one of them out"
    })
  }
  const major = Number(/^(\d+)(\.\d+)?$/.exec(serverVersion)?.[1])
  if (major >= versions.oldest && major <= versions.newest) return major
  return yield* new UsageInvalid({
    message: `--server-version cannot be “${serverVersion}”: it is a number from ${versions.oldest} to ${versions.newest}`,
    hint: "`SHOW server_version` says it"
  })
})

const serverOf = Effect.fnUntraced(function* (
  file: SqlFile,
  flags: { readonly against: string | undefined; readonly serverVersion: string | undefined }
): Effect.fn.Return<Server, unknown> {
  const major = yield* versionOf(flags)
  if (flags.against === undefined) return { major, catalog: undefined }
  const nodes = yield* nodesOf(file)
  const question = questionFor(nodes)
  const { rows } = yield* Effect.scoped(Effect.flatMap(openReading(flags.against), (ask) => ask(question)))
  const catalog = yield* catalogOf(rows[0], nodes)
  return { major: catalog.major, catalog }
})

export const sqlPlan = command({
  description:
    "Cut a file of SQL into what is committed together, and say what each statement locks, rewrites and loses.",
  operands: { name: "FILE", description: "A file of SQL; - is standard input", count: "one" },
  flags: {
    ...serverFlags,
    dryRun: {
      kind: "switch",
      description: "Run it on a copy of the schema that --against has, which is dropped again"
    },
    json: { kind: "switch", description: "Print nothing but JSON to standard output" }
  },
  run: Effect.fnUntraced(function* ({ flags, operands: [file = ""], terminal }) {
    const { against } = flags
    if (flags.dryRun && against === undefined) {
      return yield* new UsageInvalid({
        message: "--dry-run needs --against: it runs the file on a copy of a database's schema",
        hint: "give --against URL; the copy has no rows, and is dropped again"
      })
    }
    const text = yield* readSql(terminal.directory, file)
    const statements = yield* statementsOf(text, file)
    const script = yield* planOf(statements, yield* serverOf(statements, flags))
    const tried =
      flags.dryRun && against !== undefined ? yield* dryRun(yield* serverAt(against), file, script.units) : []
    const plan: PlannedScript = { ...script, hazards: [...script.hazards, ...tried] }
    const { color, verbose } = terminal
    terminal.out(
      flags.json
        ? `${JSON.stringify(jsonOf(plan))}\n`
        : `${planText(file, plan, { color: color.out, width: terminal.width(), verbose })}\n`
    )
    return plan.hazards.some(({ severity }) => severity === "error") ? 1 : 0
  })
})

/** The contract: nothing of what is only for people. The rows of a COPY are part of what must run. */
const jsonOf = ({ hazards, units }: PlannedScript) => ({
  units: units.map(({ statements, transaction }) => ({
    transaction,
    statements: statements.map(({ blockNodes: _inner, line: _, node: _tree, ...statement }) => statement)
  })),
  hazards
})
