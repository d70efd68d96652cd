/** Random schemas into random schemas: equal afterwards by `pg_dump`, whichever way, and with nothing left to do. */
import { Compare } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { randomSchema } from "../support/randomSchema.ts"
import { ask, installed, run, type Server } from "../support/schemas.ts"
import * as system from "../support/system.ts"

const isFull = process.env.SHIPSHAPE_SWEEP === "full"

const pairs = isFull ? 12 : 6

const interrupted = isFull ? 8 : 3

/** Where columns stand in another order than they should, that is said; the rest has to be the same. */
const unordered = (dump: string): ReadonlyArray<string> =>
  dump
    .split("\n")
    .map((line) => line.replace(/,$/, ""))
    .sort()

describe.skipIf(system.programs === undefined)("random schemas", () => {
  let running: system.SystemServer
  let server: Server

  beforeAll(async () => {
    running = await system.start()
    server = installed(running)
  })
  afterAll(() => running?.stop())

  const made = async (seed: number): Promise<string> => {
    const database = await server.create()
    await ask(server, database, randomSchema(seed))
    return database
  }

  it.each(Array.from({ length: pairs }, (_, i) => [1 + i * 2, 2 + i * 2, i % 2 === 1] as const))(
    "%i into %i (online: %s)",
    async (from, to, online) => {
      const [before, after] = [await made(from), await made(to)]
      const compare = () =>
        Effect.runPromise(Compare.compare({ from: server.url(before), to: server.url(after), online }))
      const script = await compare()
      await run(server, before, script)
      const [reached, wanted] = [await server.dump(before), await server.dump(after)]
      const isOtherOrder = script.hazards.some(({ message }) => message.includes("another order"))
      if (isOtherOrder) expect(unordered(reached)).toEqual(unordered(wanted))
      else expect(reached).toBe(wanted)
      expect((await compare()).units).toEqual([])
    }
  )

  // A transaction that is killed is none, so that between two units is all there is beside the building of an index.
  it.each(Array.from({ length: interrupted }, (_, i) => [101 + i * 2, 102 + i * 2] as const))(
    "%i into %i, killed behind each unit, and begun again",
    async (from, to) => {
      const [before, after] = [await made(from), await made(to)]
      const compare = () =>
        Effect.runPromise(Compare.compare({ from: server.url(before), to: server.url(after), online: true }))
      let script = await compare()
      const planned = script.units.length
      let [runs, isOtherOrder] = [0, false]
      while (script.units.length > 0) {
        isOtherOrder ||= script.hazards.some(({ message }) => message.includes("another order"))
        expect(runs, `${JSON.stringify(script.units)} is left of ${planned}`).toBeLessThanOrEqual(planned + 3)
        await run(server, before, { units: script.units.slice(0, 1) })
        script = await compare()
        runs += 1
      }
      const [reached, wanted] = [await server.dump(before), await server.dump(after)]
      if (isOtherOrder) expect(unordered(reached)).toEqual(unordered(wanted))
      else expect(reached).toBe(wanted)
    }
  )

  it("goes on behind an index whose building was killed", async () => {
    const [before, after] = [await running.createDatabase(), await running.createDatabase()]
    const table = "CREATE TABLE t (a int, b int"
    await ask(server, before, `${table}); CREATE INDEX i ON t (a); INSERT INTO t VALUES (1, 2)`)
    await ask(server, after, `${table}, CONSTRAINT u UNIQUE (b)); CREATE INDEX i ON t (a, b)`)
    const compare = () =>
      Effect.runPromise(Compare.compare({ from: server.url(before), to: server.url(after), online: true }))
    for (const index of ["u", "i_shipshape"]) {
      // Whoever writes keeps the index from being ready.
      const writer = await running.session(before)
      await writer.query("BEGIN; INSERT INTO t VALUES (3, 4)")
      const ran = run(server, before, await compare()).then(
        () => "done",
        () => "killed"
      )
      const kill = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'CREATE %INDEX CONCURRENTLY "${index}"%' AND wait_event_type = 'Lock'`
      while ((await running.sql(before, kill)).rowCount === 0) {}
      expect(await ran).toBe("killed")
      await writer.query("ROLLBACK")
      await writer.end()
      const { rows } = await running.sql(
        before,
        `SELECT indisvalid FROM pg_index WHERE indexrelid = '"${index}"'::regclass`
      )
      expect(rows).toEqual([{ indisvalid: false }])
      const script = await compare()
      expect(script.hazards.filter(({ kind }) => kind === "drop")).toEqual([])
      // The first is gone on with, up to where the second is killed.
      if (index === "u") {
        const rest = script.units.findIndex(({ statements }) =>
          statements.some(({ sql }) => sql.includes("i_shipshape"))
        )
        await run(server, before, { units: script.units.slice(0, rest) })
      } else await run(server, before, script)
    }
    expect(await server.dump(before)).toBe(await server.dump(after))
    expect((await compare()).units).toEqual([])
  })
})
