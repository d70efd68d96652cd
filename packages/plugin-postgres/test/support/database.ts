/** A database on a real server for the tests of one file, and what they need to try steps on it. */
import { type Step, Target } from "@shipshape/core"
import { Postgres, type PostgresError, PostgresProbe } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type pg from "pg"
import { afterAll, beforeAll } from "vitest"
import { type Embedded, start } from "./embedded.ts"
import type { Services } from "./laws.ts"
import { layerOf } from "./real.ts"

export type Options = Parameters<typeof Postgres.server>[0]

type Made = Layer.Layer<Services, PostgresError.ConnectionOptionsInvalid>

export interface Database {
  readonly embedded: () => Embedded
  readonly name: () => string
  /** The plugin's services, connected to the database as its superuser unless the options say otherwise. */
  readonly layer: (options?: Options) => Made
  /** The same for a user who is not a superuser, and owns nothing. */
  readonly guest: Effect.Effect<Made>
  /** Runs SQL beside what is tested. */
  readonly sql: (text: string) => Effect.Effect<pg.QueryResult>
}

/** Starts the server before the tests of the file, and stops it after them. */
export const forThisFile = (): Database => {
  let running: { readonly embedded: Embedded; readonly name: string } | undefined
  const get = () => {
    if (running === undefined) throw new Error("the server is used before the tests run")
    return running
  }
  beforeAll(async () => {
    const embedded = await start()
    running = { embedded, name: await embedded.createDatabase() }
  })
  afterAll(() => running?.embedded.stop())

  const layer: Database["layer"] = (options = {}) => {
    const { embedded, name } = get()
    const { password, port, user } = embedded
    return serverLayer({ port, user, password: Redacted.make(password), database: name, ...options })
  }
  const sql: Database["sql"] = (text) => Effect.promise(() => get().embedded.sql(get().name, text))
  return {
    embedded: () => get().embedded,
    name: () => get().name,
    layer,
    sql,
    guest: Effect.gen(function* () {
      yield* sql("DROP ROLE IF EXISTS guest")
      yield* sql("CREATE ROLE guest LOGIN PASSWORD 'guest'")
      return layer({ user: "guest", password: Redacted.make("guest") })
    })
  }
}

export const serverLayer = (options: Options): Made => Layer.provide(layerOf(Postgres.server(options)), Target.local())

const prepare = <A, E, CR, AR>(step: Step.Step<A, E, CR, AR, string>) => Effect.fromResult(step.prepare(new Map()))

/** What a step finds. */
export const check = <A, E, AR>(step: Step.Step<A, E, Services, AR, string>) =>
  Effect.flatMap(prepare(step), (prepared) => prepared.check)

/** Does what a step does, without looking. */
export const apply = <A, E, CR>(step: Step.Step<A, E, CR, Services, string>) =>
  Effect.flatMap(prepare(step), (prepared) => prepared.apply)

/** What the server says of itself: the least that needs a connection. */
export const server = Effect.flatMap(PostgresProbe.PostgresProbe, (probe) => probe.server)
