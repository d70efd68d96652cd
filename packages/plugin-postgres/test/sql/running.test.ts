/** Plans run on real servers as they say they can. */
import * as Effect from "effect/Effect"
import pg from "pg"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import * as embedded from "../support/embedded.ts"
import { plannedAgainst, run } from "../support/plans.ts"
import { scripts } from "../support/scripts.ts"
import * as system from "../support/system.ts"

interface Server {
  readonly database: () => Promise<pg.Client>
  readonly stop: () => Promise<void>
}

const servers: Readonly<Record<string, (() => Promise<Server>) | undefined>> = {
  "the embedded server": async () => {
    const server = await embedded.start()
    const { password, port, user } = server
    return {
      database: async () =>
        new pg.Client({ host: "127.0.0.1", port, user, password, database: await server.createDatabase() }),
      stop: server.stop
    }
  },
  "the system's server":
    system.programs === undefined
      ? undefined
      : async () => {
          const server = await system.start()
          return {
            database: async () =>
              new pg.Client({ host: server.host, user: server.user, database: await server.createDatabase() }),
            stop: server.stop
          }
        }
}

for (const [name, open] of Object.entries(servers)) {
  describe.skipIf(open === undefined)(`on ${name}`, () => {
    let server: Server | undefined
    beforeAll(async () => {
      server = await open?.()
    })
    afterAll(() => server?.stop())

    it.each(Object.entries(scripts))("%s", async (_, { before, done, text }) => {
      const client = await server?.database()
      if (client === undefined) throw new Error("there is no server")
      await client.connect()
      try {
        if (before !== undefined) await client.query(before)
        await run(await Effect.runPromise(plannedAgainst(text, client)), client)
        expect(Object.values((await client.query(done)).rows[0])).toEqual([true])
      } finally {
        await client.end()
      }
    })
  })
}
