import { createHash } from "node:crypto"
import { Duplex } from "node:stream"
import { assert, describe, it } from "@effect/vitest"
import type { Command, Target } from "@shipshape/core"
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

interface Told {
  readonly bytes: number
  readonly list: string
  readonly readExitCode?: number
  readonly dumpExitCode?: number
  readonly moves?: boolean
  /** What becomes of the file once it is written. */
  readonly spoils?: boolean
}

/** Takes a backup with tools that do as they are told, and tells what is left in the folder. */
const take = Effect.fnUntraced(function* (told: Told) {
  const { operations, target } = answering(told)
  const dumpHost: DumpHost = {
    operations,
    sharesFiles: true,
    env: {},
    find: () => Effect.succeed({ dump: "pg_dump", restore: "pg_restore", dumpAll: "pg_dumpall", version: 15 })
  }
  const { backup } = backups.make(
    {
      database: "edms",
      server: Effect.succeed(server),
      open: () => Effect.succeed(connection),
      target: operations,
      dumpHost
    },
    reading.make(dumpHost, operations)
  )
  const error = yield* Effect.flip(backup({ directory: "/backups", drill: false, keep: 2 }))
  return { error, left: [...target.files.keys()].filter((file) => file.startsWith("/backups/")) }
})

const answering = (told: Told) => {
  const contentOf = (file = "") => target.files.get(file)?.content ?? new Uint8Array()
  const run = ({ args, program }: Command.Command) => {
    if (program === "pg_restore" && args[0] === "--list") return { stdout: told.list }
    if (program === "mv") return told.moves === false ? { exitCode: 1, stderr: "mv: cannot move" } : {}
    if (program !== "sha256sum") return {}
    const sums = args.slice(1).map((file) => createHash("sha256").update(contentOf(file)).digest("hex"))
    return { stdout: sums.map((sum) => `${sum}  file\n`).join("") }
  }
  const target = FakeTarget.make({ run })
  const open: Target.Operations["open"] = ({ args, program }) =>
    Effect.sync(() => {
      const written: Array<Buffer> = []
      const duplex = new Duplex({
        read() {
          if (program === "pg_dump") this.push(new Uint8Array(told.bytes))
          this.push(null)
        },
        write(chunk: Buffer, _, done) {
          written.push(chunk)
          done()
        },
        final(done) {
          const content = Buffer.concat(told.spoils === true ? [...written, Buffer.from("!")] : written)
          const file = args[0]?.replace("of=", "") ?? ""
          if (program === "dd") target.files.set(file, { content, uid: 0, gid: 0, mode: 0o600 })
          done()
        }
      })
      const codes: Record<string, number | undefined> = { pg_restore: told.readExitCode, pg_dump: told.dumpExitCode }
      return {
        duplex,
        exitCode: Effect.succeed(codes[program] ?? 0),
        stderr: () => `${program}: error: could not read from input file: end of file`
      }
    })
  return { target, operations: { ...target.operations, open } }
}

describe("a dump that is not what it should be is refused and removed:", () => {
  const cases: ReadonlyArray<readonly [string, Parameters<typeof take>[0], string]> = [
    ["empty", { bytes: 0, list: listing("edms", 2) }, "it is empty"],
    ["of another database", { bytes: 9, list: listing("other", 2) }, "it is one of database other"],
    ["without a table of the catalog", { bytes: 9, list: listing("edms", 1) }, "it has 1 tables, and the database 2"],
    ["cut off after its list", { bytes: 9, list: listing("edms", 2), readExitCode: 1 }, "end of file"],
    [
      "other on the disk than it was",
      { bytes: 9, list: listing("edms", 2), spoils: true },
      "what is on the disk is not"
    ]
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

it.effect("a dump that ends early by itself is no backup, however much of it can be read", () =>
  Effect.gen(function* () {
    const { error, left } = yield* take({ bytes: 9, list: listing("edms", 2), dumpExitCode: 1 })
    assert.strictEqual(error.code, "target.command-failed")
    assert.include(error.message, "`pg_dump --format=custom")
    assert.deepStrictEqual(left, [])
  })
)

it.effect("a dump that cannot get its name leaves nothing", () =>
  Effect.gen(function* () {
    const { error, left } = yield* take({ bytes: 9, list: listing("edms", 2), moves: false })
    assert.strictEqual(error.code, "target.command-failed")
    assert.deepStrictEqual(left, [])
  })
)
