import { assert, describe, it } from "@effect/vitest"
import type { Command } from "@shipshape/core"
import { FakeTarget } from "@shipshape/core/testing"
import * as Effect from "effect/Effect"
import * as reading from "../src/internal/backupReading.ts"
import * as backups from "../src/internal/backups.ts"
import type { Connection } from "../src/internal/connect.ts"
import type { DumpHost } from "../src/internal/dumpTools.ts"

const server = {
  version: "17.5",
  major: 17,
  database: "edms",
  user: "edms",
  isSuperuser: false,
  mayCreate: true
}

/** A connection that knows the names of two tables, without a row. */
const connection: Connection = {
  isOpen: () => true,
  destroy: Effect.void,
  query: ({ text }) =>
    Effect.succeed({
      rows: /relkind IN/.test(text)
        ? ["a", "b"].map((name) => ({ schema: "public", name, key: `public.${name}`, holdsRows: true }))
        : [{ id: "00000003-0000001B-1", rows: "0" }],
      fields: []
    })
}

const listing = (database: string, tables: number) =>
  `;     dbname: ${database}\n${Array.from({ length: tables }, (_, i) => `${i}; 1259 ${i} TABLE public t${i} edms\n`).join("")}`

/** Takes a backup with tools that do as they are told, and tells what is left in the folder. */
const take = Effect.fnUntraced(function* (told: {
  readonly bytes: number
  readonly list: string
  readonly readExitCode?: number
  readonly moves?: boolean
}) {
  const { target } = answering(told)
  const dumpHost: DumpHost = {
    operations: target.operations,
    env: {},
    find: () => Effect.succeed({ dump: "pg_dump", restore: "pg_restore", dumpAll: "pg_dumpall", version: 17 })
  }
  const { backup } = backups.make(
    {
      database: "edms",
      server: Effect.succeed(server),
      open: () => Effect.succeed(connection),
      target: target.operations,
      dumpHost
    },
    reading.make(dumpHost, target.operations)
  )
  const error = yield* Effect.flip(backup({ directory: "/backups", drill: false, keep: 2 }))
  return { error, left: [...target.files.keys()].filter((file) => file.startsWith("/backups/")) }
})

const answering = (told: {
  readonly bytes: number
  readonly list: string
  readonly readExitCode?: number
  readonly moves?: boolean
}) => {
  const run = ({ args, program, stdoutFile }: Command.Command) => {
    if (program === "pg_dump" && stdoutFile !== undefined) {
      target.files.set(stdoutFile, { content: new Uint8Array(told.bytes), uid: 0, gid: 0, mode: 0o600 })
      return {}
    }
    if (program === "pg_restore" && args[0] === "--list") return { stdout: told.list }
    if (program === "pg_restore")
      return { exitCode: told.readExitCode ?? 0, stderr: "could not read from input file: end of file" }
    if (program === "mv") return told.moves === false ? { exitCode: 1, stderr: "mv: cannot move" } : {}
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

it.effect("a dump that cannot get its name leaves nothing", () =>
  Effect.gen(function* () {
    const { error, left } = yield* take({ bytes: 9, list: listing("edms", 2), moves: false })
    assert.strictEqual(error.code, "target.command-failed")
    assert.deepStrictEqual(left, [])
  })
)
