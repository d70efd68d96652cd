import { assert, describe, it } from "@effect/vitest"
import { FakeTarget } from "@shipshape/core/testing"
import * as Effect from "effect/Effect"
import * as files from "../src/internal/backupFiles.ts"
import { environmentAt, onTarget } from "../src/internal/dumpTools.ts"
import { additions } from "../src/internal/labels.ts"

describe("pg_dump on the target", () => {
  const machine = (versions: Readonly<Record<string, string>>) =>
    FakeTarget.make({
      files: Object.fromEntries(Object.keys(versions).map((program) => [program, ""])),
      run: ({ program }) => {
        const version = versions[program]
        return version === undefined ? undefined : { stdout: `pg_dump (PostgreSQL) ${version}` }
      }
    })
  const find = (versions: Readonly<Record<string, string>>, major: number, given?: string) => {
    const target = machine(versions)
    target.files.set("/usr/lib/postgresql", { content: undefined, uid: 0, gid: 0, mode: 0o755 })
    return onTarget(target.operations, "the server", {}, given).find(major)
  }
  const at = (version: number) => `/usr/lib/postgresql/${version}/bin/pg_dump`

  it.effect("is the one of the server's version, or the next newer one", () =>
    Effect.gen(function* () {
      const versions = { pg_dump: "15.18 (Debian 15.18-0+deb12u1)", [at(16)]: "16.1", [at(18)]: "18beta1" }
      assert.strictEqual((yield* find(versions, 15)).dump, "pg_dump")
      assert.strictEqual((yield* find(versions, 16)).restore, "/usr/lib/postgresql/16/bin/pg_restore")
      assert.strictEqual((yield* find(versions, 17)).dump, at(18))
    })
  )

  it.effect("that is older than the server, or not there, is said with what to install", () =>
    Effect.gen(function* () {
      const older = yield* Effect.flip(find({ pg_dump: "15.18", [at(16)]: "16.1" }, 17))
      assert.strictEqual(older.code, "postgres.dump-tool-unfit")
      assert.include(older.message, "pg_dump 15, 16")
      const none = yield* Effect.flip(find({}, 17))
      assert.include(none.message, "there is no pg_dump")
      assert.include(none.hint, "postgresql-client-17")
    })
  )

  it.effect("is the one that is asked for, and no other, where a folder is given", () =>
    Effect.gen(function* () {
      const versions = { pg_dump: "17.1", "/opt/pg/bin/pg_dump": "17.2", [at(16)]: "16.1" }
      const found = yield* find(versions, 17, "/opt/pg/bin")
      assert.deepStrictEqual(
        [found.dump, found.restore, found.dumpAll],
        ["/opt/pg/bin/pg_dump", "/opt/pg/bin/pg_restore", "/opt/pg/bin/pg_dumpall"]
      )
      const older = yield* Effect.flip(find({ ...versions, "/opt/pg/bin/pg_dump": "16.4" }, 17, "/opt/pg/bin"))
      assert.include(older.message, "pg_dump 16 on /opt/pg/bin of a fake target is older than PostgreSQL 17")
      assert.include(older.hint, "postgresql-client-17")
      const none = yield* Effect.flip(find(versions, 17, "/opt/none"))
      assert.include(none.message, "there is no pg_dump on /opt/none of a fake target")
    })
  )
})

describe("files of backups", () => {
  it("are those of one database, the newest first, also where its name is odd", () => {
    const odd = "a/b.c"
    const [first, second] = [Date.UTC(2025, 0, 2, 3, 4, 5, 678), Date.UTC(2025, 0, 2, 3, 4, 6)]
    const names = [files.nameOf(odd, first), files.nameOf(odd, second), files.nameOf("a", second), "a%2Fb.c.2025.dump"]
    assert.strictEqual(names[0], "a%2Fb.c.20250102T030405.678Z.dump")
    assert.deepStrictEqual(
      files.ofDatabase(odd, names).map(({ takenAt }) => takenAt),
      [second, first]
    )
  })

  it("that have no dump, or no name yet, are left over", () => {
    const [own, other] = [files.nameOf("a", 1), files.nameOf("b", 1)]
    const beside = (name: string) => [files.manifestOf(name), files.checksumOf(name), files.partialOf(name)]
    assert.deepStrictEqual(files.leftoversOf("a", [...beside(own), ...beside(other)]), beside(own))
    assert.deepStrictEqual(files.leftoversOf("a", [own, ...beside(own)]), [files.partialOf(own)])
  })

  it("are listed by pg_restore with their database and tables", () => {
    const listing = `;
; Archive created at 2025-01-02 03:04:05 UTC
;     dbname: edms
;     TOC Entries: 9
;
2; 3079 16385 EXTENSION - pg_trgm
218; 1259 16386 TABLE public TABLE DATA app
219; 1259 16389 TABLE public b app
220; 1259 16392 FOREIGN TABLE public f app
3300; 0 16386 TABLE DATA public a app
3301; 0 0 TABLE ATTACH public a1 app
`
    assert.deepStrictEqual(files.readListing(listing), { database: "edms", entries: 9, tables: 3 })
  })
})

describe("labels to add", () => {
  const place = (existing: ReadonlyArray<string>, wanted: ReadonlyArray<string>) =>
    additions(existing, wanted)?.map(({ label, neighbour, place }) => `${label} ${place} ${neighbour}`)

  it("stand next to one that is there by then", () => {
    assert.deepStrictEqual(place(["b", "d"], ["x", "a", "b", "c", "d", "e"]), [
      "x BEFORE b",
      "a AFTER x",
      "c AFTER b",
      "e AFTER d"
    ])
    assert.deepStrictEqual(place(["a"], ["a"]), [])
  })

  it("cannot be told where labels are to go away, or to change places", () => {
    assert.isUndefined(place(["a", "b"], ["a"]))
    assert.isUndefined(place(["a", "b"], ["b", "a", "c"]))
  })
})

describe("what a program gets that connects by itself", () => {
  const at = { host: "db", port: 5433, user: "u", password: undefined, database: "d" }
  const certificate = { file: "/ca.pem", certificates: "" }

  it("trusts whom the machine trusts, where certificates are looked at and none is given", () => {
    const trusted = (["disable", "require", "verify-ca", "verify-full"] as const).map((tls) =>
      [undefined, certificate].map((ca) => environmentAt({ ...at, tls, ca }).PGSSLROOTCERT)
    )
    assert.deepStrictEqual(trusted, [
      [undefined, undefined],
      [undefined, "/ca.pem"],
      ["system", "/ca.pem"],
      ["system", "/ca.pem"]
    ])
  })
})
