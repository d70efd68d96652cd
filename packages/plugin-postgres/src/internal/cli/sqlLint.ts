/** `shipshape sql lint FILE…`: what of files of SQL fails, holds others up, breaks programs or loses data. */
import { command } from "@shipshape/core/cli"
import * as Effect from "effect/Effect"
import * as Lint from "../../Lint.ts"
import { UsageInvalid } from "../../PostgresError.ts"
import { render } from "../lint/render.ts"
import { sarif } from "../lint/sarif.ts"
import { serverAt } from "./against.ts"
import { readSql } from "./reading.ts"
import { serverFlags, versionOf } from "./sqlPlan.ts"

export const sqlLint = command({
  description: "Look at files of SQL before they are run: what fails, holds others up, breaks programs or loses data.",
  operands: {
    name: "FILE",
    description: "A file of SQL: a migration, or what Django's sqlmigrate prints; - is standard input",
    count: "some"
  },
  flags: {
    ...serverFlags,
    transaction: { kind: "switch", description: "Each file is run in one transaction, by whoever runs it" },
    trace: {
      kind: "switch",
      description: "Run the files on a copy of the schema that --against has, and say which locks they take"
    },
    json: { kind: "switch", description: "Print nothing but JSON to standard output" },
    sarif: { kind: "switch", description: "Print SARIF 2.1.0, which GitHub shows in pull requests" }
  },
  run: Effect.fnUntraced(function* ({ flags, operands, terminal }) {
    const { against, json, sarif: asSarif, trace, transaction } = flags
    if (json && asSarif) {
      return yield* new UsageInvalid({
        message: "--json and --sarif are two forms of the same",
        hint: "leave one of them out"
      })
    }
    if (trace && against === undefined) {
      return yield* new UsageInvalid({
        message: "--trace needs --against: it runs the files on a copy of a database's schema",
        hint: "give --against URL; the copy has no rows, and is dropped again"
      })
    }
    const serverVersion = yield* versionOf(flags)
    if (against !== undefined) yield* serverAt(against)
    const files = yield* Effect.forEach(operands, (file) =>
      Effect.map(readSql(terminal.directory, file), (text) => ({ file, text }))
    )
    const found = yield* Lint.lint(files, {
      inTransaction: transaction,
      ...(serverVersion === undefined ? {} : { serverVersion }),
      ...(against === undefined ? {} : { against })
    })
    const traced =
      trace && against !== undefined ? yield* Lint.trace(files, { against, inTransaction: transaction }) : []
    const findings = merged(operands, [...found, ...traced])
    if (json) terminal.out(`${JSON.stringify(findings)}\n`)
    else if (asSarif) terminal.out(`${JSON.stringify(sarif(findings, Lint.rules, terminal.directory))}\n`)
    else terminal.out(render(findings, files, { color: terminal.color.out, width: terminal.width() }))
    return findings.some(({ severity }) => severity === "error") ? 1 : 0
  })
})

/** In the order of files and lines. */
const merged = (files: ReadonlyArray<string>, findings: ReadonlyArray<Lint.Finding>): ReadonlyArray<Lint.Finding> =>
  findings.toSorted((a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column)
