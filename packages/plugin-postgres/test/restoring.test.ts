import { assert, describe, it } from "@effect/vitest"
import { PostgresControl } from "@shipshape/plugin-postgres"
import { PostgresWorld } from "@shipshape/plugin-postgres/testing"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import type { Connection, Statement } from "../src/internal/connect.ts"
import * as marks from "../src/internal/restoreMarks.ts"
import { compare } from "../src/internal/restoreSchema.ts"
import { createLike } from "../src/internal/restoreScratch.ts"
import { statements } from "../src/internal/restoreSettings.ts"

const control = PostgresControl.PostgresControl

const script = (...objects: ReadonlyArray<readonly [name: string, type: string, owner: string, text: string]>) =>
  `--\n-- PostgreSQL database dump\n--\n\n\\restrict ${Math.random()}\n-- Dumped from database version ${Math.random()}\n\n${objects
    .map(
      ([name, type, owner, text]) =>
        `--\n-- Name: ${name}; Type: ${type}; Schema: public; Owner: ${owner}\n--\n\n${text}\n\n`
    )
    .join("")}\\unrestrict x\n`

describe("two schemas", () => {
  const table = ["t", "TABLE", "app", "CREATE TABLE public.t (\n    a integer\n);"] as const

  it("are the same whatever the tools and the session say of themselves", () => {
    assert.deepStrictEqual(compare(script(table), script(table)), [])
  })

  it("are the same where the server casts the elements of an array in place of the array", () => {
    const check = (text: string) => script(["t", "TABLE", "app", `CHECK (((a)::text = ANY (${text})))`])
    const array = "(ARRAY['a'::character varying, 'it''s]'::character varying(9)])::text[]"
    const elements = "ARRAY[('a'::character varying)::text, ('it''s]'::character varying(9))::text]"
    assert.deepStrictEqual(compare(check(array), check(elements)), [])
    assert.strictEqual(compare(check(array), check(elements.replace("a", "b"))).length, 1)
  })

  it("differ in objects, in definitions and in owners, and each is named", () => {
    const view = ["v", "VIEW", "app", "CREATE VIEW public.v AS SELECT 1"] as const
    const kinds = (found: string) => compare(script(table, view), found).map(({ kind, object }) => [object, kind])
    assert.deepStrictEqual(kinds(script(table)), [["VIEW public.v", "lost"]])
    assert.deepStrictEqual(kinds(script(table, view, ["w", "VIEW", "app", ""])), [["VIEW public.w", "gained"]])
    assert.deepStrictEqual(kinds(script(["t", "TABLE", "other", table[3]], view)), [["TABLE public.t", "changed"]])
    const [changed] = compare(script(table), script(["t", "TABLE", "app", table[3].replace("integer", "bigint")]))
    assert.deepStrictEqual(changed?.lines, ["-     a integer", "+     a bigint"])
  })
})

describe("a new database is made like another", () => {
  const like = { owner: 'o"x', encoding: "UTF8", tablespace: "pg_default", datcollate: "it's", datctype: "C" }
  const head = `CREATE DATABASE "s" TEMPLATE template0 OWNER "o""x" ENCODING 'UTF8' LC_COLLATE 'it''s' LC_CTYPE 'C'`

  it("with the provider of its collation, as each version has it", () => {
    assert.strictEqual(createLike("s", like), head)
    assert.strictEqual(createLike("s", { ...like, datlocprovider: "c" }), `${head} LOCALE_PROVIDER libc`)
    assert.strictEqual(
      createLike("s", { ...like, datlocprovider: "i", daticulocale: "de-AT", daticurules: "&a<b" }),
      `${head} LOCALE_PROVIDER icu ICU_LOCALE 'de-AT' ICU_RULES '&a<b'`
    )
    assert.strictEqual(
      createLike("s", { ...like, datlocprovider: "b", datlocale: "C.UTF-8", tablespace: "fast disk" }),
      `${head} LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' TABLESPACE "fast disk"`
    )
  })

  it("with settings whose values are lists, and grants without those it came with", () => {
    const settings = [
      { role: null, name: "search_path", value: '"a b", public, ""' },
      { role: "r", name: "myapp.list", value: "a, b's" }
    ]
    const grants = [{ role: null, privilege: "CONNECT" as const, grantable: false }]
    assert.deepStrictEqual(statements("s", { connectionLimit: 5, isTemplate: false, settings, grants }, ["o"]), [
      `ALTER DATABASE "s" WITH CONNECTION LIMIT 5`,
      `ALTER DATABASE "s" SET "search_path" = 'a b', 'public', ''`,
      `ALTER ROLE "r" IN DATABASE "s" SET "myapp.list" = 'a, b''s'`,
      `REVOKE ALL ON DATABASE "s" FROM "o"`,
      `GRANT CONNECT ON DATABASE "s" TO PUBLIC`
    ])
  })
})

describe("the mark of a restore", () => {
  const mark: marks.Mark = { _tag: "restored", of: "edms", sha256: "0", at: 1, before: "it's before" }
  const reading = (comment: string | undefined) => {
    const query: Connection["query"] = () =>
      Effect.succeed({ rows: [{ name: "edms", comment: comment ?? null }], fields: [] })
    return Effect.map(marks.read({ isOpen: () => true, destroy: Effect.void, query }), (all) => all.get("edms"))
  }
  const written = ({ text }: Statement) => /IS '(.*)'$/s.exec(text)?.[1]?.replaceAll("''", "'")

  it.effect("stands below what people have written, and is taken away again", () =>
    Effect.gen(function* () {
      for (const comment of [undefined, "one line", "two\nlines", "shipshape: not ours"]) {
        const read = yield* reading(written(marks.write("edms", comment, mark)))
        assert.deepStrictEqual(read, { name: "edms", comment, mark })
        const without = marks.write("edms", read?.comment, undefined)
        assert.strictEqual(written(without), comment)
      }
      assert.isUndefined((yield* reading("shipshape: {}"))?.mark)
    })
  )
})

describe("the database in memory", () => {
  const start = () => {
    const world = PostgresWorld.make({ tables: { documents: { id: "bigint" } }, rows: { documents: 3 } })
    const on = <A, E>(effect: Effect.Effect<A, E, PostgresControl.PostgresControl>) =>
      Effect.provide(effect, world.layer)
    const take = on(Effect.flatMap(control, (c) => c.backup({ directory: "/b", drill: false, keep: 1 })))
    return { world, on, take }
  }

  it.effect("goes back to a backup, and keeps what was there until it is discarded", () =>
    Effect.gen(function* () {
      const { on, take, world } = start()
      const proof = yield* take
      assert.deepStrictEqual([proof.rows, proof.archive.tables], [{ "public.documents": 3 }, 1])
      world.rows.set("public.documents", 9)
      world.tables.set("public.more", new Map())
      const { keptAs } = yield* on(Effect.flatMap(control, (c) => c.restore(proof)))
      assert.deepStrictEqual([...world.tables.keys()], ["public.documents"])
      assert.strictEqual(world.rows.get("public.documents"), 3)
      assert.strictEqual(world.restoredFrom?.sha256, proof.sha256)
      assert.strictEqual(world.kept.get(keptAs)?.rows.get("public.documents"), 9)
      yield* on(Effect.flatMap(control, (c) => c.discard(keptAs)))
      assert.strictEqual(world.kept.size, 0)
    })
  )

  it.effect("refuses a backup that is damaged, and one that lies", () =>
    Effect.gen(function* () {
      const { on, take, world } = start()
      const { file } = yield* take
      const backup = world.backups.get(file)
      assert.isDefined(backup)
      const errorOf = (change: Partial<PostgresWorld.Backup>) => {
        world.backups.set(file, { ...backup, ...change })
        return Effect.map(Effect.flip(on(Effect.flatMap(control, (c) => c.drill(file)))), ({ message }) => message)
      }
      assert.include(yield* errorOf({ intact: false }), "is not what it was")
      assert.include(yield* errorOf({ database: "other" }), "is not what it was")
      assert.include(yield* errorOf({ rows: { "public.documents": 4 } }), "public.documents has 3 rows after a restore")
    })
  )

  it.effect("keeps a backup that is held", () =>
    Effect.gen(function* () {
      const { on, take, world } = start()
      const { file } = yield* take
      yield* on(Effect.flatMap(control, (c) => c.holdBackup({ file, holder: "release 1" })))
      yield* TestClock.adjust("1 second")
      yield* take
      yield* TestClock.adjust("1 second")
      yield* take
      assert.isTrue(world.backups.has(file))
      assert.strictEqual(world.backups.size, 2)
      yield* on(Effect.flatMap(control, (c) => c.letGoOfBackup({ file, holder: "release 1" })))
      yield* TestClock.adjust("1 second")
      yield* take
      assert.strictEqual(world.backups.size, 1)
    })
  )
})

it.effect("there is no way to restore over a database that is there", () =>
  Effect.gen(function* () {
    const { layer } = PostgresWorld.make()
    const offered = yield* Effect.provide(Effect.map(control, Object.keys), layer)
    // Of these, `restore` alone changes what is in a database from a backup, and it takes no name of one to fill.
    assert.deepStrictEqual(offered.filter((name) => /restore|backup|drill|discard/i.test(name)).sort(), [
      "backup",
      "discard",
      "drill",
      "holdBackup",
      "letGoOfBackup",
      "restore"
    ])
    const asked: Record<keyof PostgresControl.Restore, true> = { file: true, sha256: true, keepAs: true }
    assert.deepStrictEqual(Object.keys(asked), ["file", "sha256", "keepAs"])
  })
)
