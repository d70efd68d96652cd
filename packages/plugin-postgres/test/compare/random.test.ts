/** Random schemas into random schemas: equal afterwards by `pg_dump`, whichever way, and with nothing left to do. */
import { Compare } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { randomSchema } from "../support/randomSchema.ts"
import { ask, installed, run, type Server } from "../support/schemas.ts"
import * as system from "../support/system.ts"

const pairs = Number(process.env.SHIPSHAPE_RANDOM_SCHEMAS ?? 8)

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
})
