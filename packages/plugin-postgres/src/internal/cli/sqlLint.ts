/** `shipshape sql lint FILE…`: what of files of SQL fails, holds others up, breaks programs or loses data. */
import { command } from "@shipshape/core/cli"
import * as Effect from "effect/Effect"
import * as Lint from "../../Lint.ts"
import { UsageInvalid } from "../../PostgresError.ts"
import { render } from "../lint/render.ts"
import { sarif } from "../lint/sarif.ts"
import { readSql } from "./reading.ts"
import { serverFlags, versionOf } from "./sqlPlan.ts"

export const sqlLint = command({
  description: "Look at files of SQL before they are run: what fails, holds others up, breaks programs or loses data.",
  operands: {
    name: "FILE",
    description: "A file of SQL: a migration, or what Django's sqlmigrate prints",
    count: "some"
  },
  flags: {
    ...serverFlags,
    transaction: { kind: "switch", description: "Each file is run in one transaction, by whoever runs it" },
    json: { kind: "switch", description: "Print nothing but JSON to standard output" },
    sarif: { kind: "switch", description: "Print SARIF 2.1.0, which GitHub shows in pull requests" }
  },
  run: Effect.fnUntraced(function* ({ flags, operands, terminal }) {
    const { against, json, sarif: asSarif, transaction } = flags
    if (json && asSarif) {
      return yield* new UsageInvalid({
        message: "--json and --sarif are two forms of the same",
        hint: "leave one of them out"
      })
    }
    const serverVersion = yield* versionOf(flags)
    const files = yield* Effect.forEach(operands, (file) =>
      Effect.map(readSql(terminal.directory, file), (text) => ({ file, text }))
    )
    const findings = yield* Lint.lint(files, {
      inTransaction: transaction,
      ...(serverVersion === undefined ? {} : { serverVersion }),
      ...(against === undefined ? {} : { against })
    })
    if (json) terminal.out(`${JSON.stringify(findings)}\n`)
    else if (asSarif) terminal.out(`${JSON.stringify(sarif(findings, terminal.directory))}\n`)
    else terminal.out(render(findings, files, { color: terminal.color.out, width: terminal.width() }))
    return findings.some(({ severity }) => severity === "error") ? 1 : 0
  })
})
