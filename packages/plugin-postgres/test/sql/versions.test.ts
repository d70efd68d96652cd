/** What is cut into transactions runs on every server from 12 to 18; what is said not to be one transaction is none there. */
import { Laws } from "@shipshape/core/testing"
import { Postgres } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import pg from "pg"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { apply, check, serverLayer } from "../support/database.ts"
import { type Embedded, majors, start } from "../support/embedded.ts"
import { scenarios } from "../support/laws.ts"
import { planned, run, shape } from "../support/plans.ts"
import { groundOf } from "../support/real.ts"
import { before, trials } from "../support/transactions.ts"

const minutes = 60_000

const plan = (text: string, major: number | undefined) => Effect.runPromise(planned(text, major))

describe.each(majors)("on PostgreSQL %i", (major) => {
  let server: Embedded
  let client: pg.Client
  beforeAll(async () => {
    server = await start(major)
    const { password, port, user } = server
    client = new pg.Client({ host: "127.0.0.1", port, user, password, database: await server.createDatabase() })
    await client.connect()
  }, minutes)
  afterAll(async () => {
    await client?.end()
    await server?.stop()
  })

  /** A schema with what is there before, as often as it is wanted. */
  const anew = async () => {
    await client.query("ROLLBACK")
    await client.query("SET client_min_messages = error")
    await client.query(`DROP SCHEMA IF EXISTS trial CASCADE; CREATE SCHEMA trial; SET search_path = trial, public`)
    await client.query(before)
  }

  /** What the server says when it gets the text as one transaction: a state, or `done`. */
  const asOne = async (text: string): Promise<string> => {
    await anew()
    try {
      await client.query(`BEGIN; ${text}; ROLLBACK`)
      return "done"
    } catch (error) {
      return error instanceof pg.DatabaseError ? (error.code ?? "") : String(error)
    }
  }

  const here = trials.filter(({ since = 0 }) => major >= since)

  it("units run as they are cut, also where the version is not said", { timeout: 5 * minutes }, async () => {
    const failed: Array<unknown> = []
    for (const { text, unseen } of here) {
      const cuts = [await plan(text, major), await plan(text, undefined)]
      if (unseen === undefined) cuts.push(await plan(`BEGIN; ${text}; COMMIT`, major))
      const different = new Map(cuts.map((one) => [JSON.stringify(shape(one)), one]))
      for (const [units, cut] of different) {
        await anew()
        await run(cut, client).catch((error: unknown) => failed.push({ text, units, error: String(error) }))
      }
    }
    expect(failed).toEqual([])
  })

  it("a transaction is cut where the server refuses it, and nowhere else", { timeout: 5 * minutes }, async () => {
    const wrong: Array<unknown> = []
    for (const { text, unseen } of here) {
      if (unseen !== undefined) continue
      const { hazards, units } = await plan(`BEGIN; ${text}; COMMIT`, major)
      const isKept = units.length === 1 && units[0]?.transaction === true
      const state = await asOne(text)
      if (isKept !== (state === "done")) wrong.push({ text, state, isKept })
      const told = hazards.some(({ kind, severity }) => kind === "unsupported" && severity !== "notice")
      if (!isKept && !told && !/^ALTER TYPE [^;]*$/.test(text)) wrong.push({ text, told })
    }
    expect(wrong).toEqual([])
  })

  it("the states that the server answers with", { timeout: minutes }, async () => {
    const add = "ALTER TYPE s ADD VALUE 'b'"
    const own = "CREATE TYPE n AS ENUM ('a'); ALTER TYPE n ADD VALUE 'b'; SELECT 'b'::n"
    expect(await asOne(add)).toBe("done")
    expect(await asOne(`${add}; SELECT 'b'::s`)).toBe("55P04")
    expect(await asOne(own)).toBe(major >= 17 ? "done" : "55P04")
    expect(await asOne("VACUUM t")).toBe("25001")
    expect(await asOne("ALTER TYPE s ADD VALUE 'a'")).toBe("42710")
    expect(await asOne("ALTER TYPE s ADD VALUE 'b' AFTER 'nowhere'")).toBe("22023")
    expect(await asOne("INSERT INTO child VALUES (1); ALTER TABLE child ADD x int")).toBe("55006")
  })

  const newGround = async () => {
    const { password, port, user } = server
    const database = await server.createDatabase()
    const layer = serverLayer({ port, user, password: Redacted.make(password), database })
    return groundOf((text, values) => server.sql(database, text, values), layer)
  }
  const enums = scenarios.filter(({ name }) => name.includes("enum"))

  it.each(enums)("the laws hold for $name", { timeout: minutes }, async ({ run }) => {
    const ground = await newGround()
    await Effect.runPromise(Effect.provide(run(ground), ground.layer))
  })

  it("labels are renamed, added between, and removed with what rows hold", { timeout: minutes }, async () => {
    const ground = await newGround()
    const wanted = Postgres.enum("x", { name: "status", labels: ["new", "a", "b", "c"], renames: { old: "new" } })
    const less = Postgres.replaceEnum("x", { name: "status", labels: ["c", "a"], values: { new: "a", b: "c" } })
    const trial = Effect.gen(function* () {
      yield* ground.createEnum("status", ["old", "b"])
      yield* ground.createTable("documents")
      yield* apply(Postgres.column("x", { table: "documents", name: "s", type: "status", default: "'old'" }))
      yield* Laws.check({ step: wanted, see: ground.see })
      expect(yield* ground.labels("status")).toEqual(["new", "a", "b", "c"])
      yield* apply(less)
      expect((yield* check(less))._tag).toBe("Satisfied")
      expect(yield* ground.labels("status")).toEqual(["c", "a"])
    })
    await Effect.runPromise(Effect.provide(trial, ground.layer))
  })
})
