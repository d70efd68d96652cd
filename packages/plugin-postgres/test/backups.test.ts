import { assert, describe, it } from "@effect/vitest"
import type { Command } from "@shipshape/core"
import { FakeTarget } from "@shipshape/core/testing"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as backups from "../src/internal/backups.ts"
import type { Session } from "../src/internal/session.ts"

const server = {
  version: "17.5",
  major: 17,
  database: "edms",
  user: "edms",
  isSuperuser: false,
  mayCreate: true
}

const session: Session = {
  ask: () => Effect.succeed([Exit.succeed({ rows: [{ tables: 2 }], fields: [] })]),
  execute: () => Effect.succeed({ rows: [], fields: [] })
}

const listing = (database: string, tables: number) =>
  `;     dbname: ${database}\n${Array.from({ length: tables }, (_, i) => `${i}; 1259 ${i} TABLE public t${i} edms\n`).join("")}`

/** Takes a backup with tools that do as they are told, and tells what is left in the folder. */
const take = Effect.fnUntraced(function* (told: {
  readonly bytes: number
  readonly list: string
  readonly readExitCode?: number
}) {
  const { target } = answering(told)
  const { take } = backups.make({
    session,
    server: Effect.succeed(server),
    target: target.operations,
    dumpHost: {
      operations: target.operations,
      env: {},
      find: () => Effect.succeed({ dump: "pg_dump", restore: "pg_restore" })
    }
  })
  const error = yield* Effect.flip(take({ directory: "/backups", keep: 2 }))
  return { error, left: [...target.files.keys()].filter((file) => file.startsWith("/backups/")) }
})

const answering = (told: { readonly bytes: number; readonly list: string; readonly readExitCode?: number }) => {
  const run = ({ args, program, stdoutFile }: Command.Command) => {
    if (program === "pg_dump" && stdoutFile !== undefined) {
      target.files.set(stdoutFile, { content: new Uint8Array(told.bytes), uid: 0, gid: 0, mode: 0o600 })
      return {}
    }
    if (program === "pg_restore" && args[0] === "--list") return { stdout: told.list }
    if (program === "pg_restore")
      return { exitCode: told.readExitCode ?? 0, stderr: "could not read from input file: end of file" }
    return { stdout: `${"0".repeat(64)}  file\n` }
  }
  const target = FakeTarget.make({ run })
  return { target }
}

describe("a dump that is not what it should be is refused and removed:", () => {
  const cases: ReadonlyArray<readonly [string, Parameters<typeof take>[0], string]> = [
    ["empty", { bytes: 0, list: listing("edms", 2) }, "it is empty"],
    ["of another database", { bytes: 9, list: listing("other", 2) }, "it is one of database other"],
    ["without a table of the catalog", { bytes: 9, list: listing("edms", 1) }, "it has 1 tables, and the database 2"],
    ["cut off after its list", { bytes: 9, list: listing("edms", 2), readExitCode: 1 }, "end of file"]
  ]
  for (const [name, told, message] of cases) {
    it.effect(name, () =>
      Effect.gen(function* () {
        const { error, left } = yield* take(told)
        assert.strictEqual(error.code, "postgres.backup-invalid")
        assert.include(error.message, message)
        assert.deepStrictEqual(left, [])
      })
    )
  }
})
