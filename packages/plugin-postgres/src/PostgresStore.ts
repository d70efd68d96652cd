import { Plugin, Release, Secrets, Store } from "@shipshape/core"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as address from "./internal/address.ts"
import { connect, type Login, type Route, type Statement } from "./internal/connect.ts"
import * as sessions from "./internal/session.ts"
import { acquire } from "./internal/store/acquire.ts"
import { describe, inStore, rowsOf, type StoreName, whereMissing } from "./internal/store/failing.ts"
import { holdingOf } from "./internal/store/holding.ts"
import * as statements from "./internal/store/statements.ts"
import { unlock } from "./internal/store/unlock.ts"

/** PostgreSQL cuts longer names. It is counted in bytes. */
const SchemaName = Schema.NonEmptyString.check(
  Schema.makeFilter((name) =>
    new TextEncoder().encode(name).length > 63
      ? "expected at most 63 bytes"
      : name.includes("\0")
        ? "expected no NUL"
        : undefined
  )
)

/**
 * Lock, journal and releases of a deployment in a PostgreSQL database, in a schema of their own: for deployments that are
 * run from several machines, or whose target keeps no files. Say it as the deployment's `store`.
 *
 * The connection is given as to {@link server}: `url`, or its parts, a service, or the environment. It must
 * lead to the server itself: the lock belongs to a session, which a pooler such as PgBouncer gives to others. Use another
 * database than the one that is deployed, best on another server: a store that is down, or is restored from a backup
 * together with the data, cannot say what happened.
 *
 * - `schema`: default `shipshape`. It is made, with its tables, by the first run that acts; looking makes nothing. The
 *   user must own it, or may create it.
 *
 * A lock is free as soon as the process that holds it has ended, whatever ended it; where its machine or its network is
 * gone, within a minute or so. The holder gives up before that.
 *
 * @example
 * ```ts
 * import { defineDeployment, Input } from "@shipshape/core"
 * import { Postgres } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 *
 * const deployment = defineDeployment("edms", {
 *   environments: { production: { data: "precious" } },
 *   inputs: { stateUrl: Input.secret("STATE_URL") },
 *   store: ({ inputs }) => Postgres.store({ url: inputs.stateUrl })
 * }, function*() {})
 * assert.equal(deployment.blueprint("production").store?.name, "postgres-store")
 * ```
 *
 * @since 0.1.0
 */
export const store = Plugin.define("postgres-store", {
  version: "0.1.0",
  description: "Lock, journal and releases in PostgreSQL",
  steps: {},
  options: {
    ...address.options,
    schema: SchemaName.pipe(Schema.withDecodingDefaultKey(Effect.succeed("shipshape")))
  },
  layer: (options): Layer.Layer<Store.Store, Store.StoreFailed> =>
    Layer.effect(
      Store.Store,
      Effect.gen(function* () {
        const server = yield* Effect.mapError(
          address.resolve(options),
          ({ hint, message }) => new Store.StoreFailed({ message: `the store: ${message}`, hint })
        )
        yield* Secrets.register(server.password)
        const login: Login = {
          ...server,
          server: address.nameOf(server),
          resource: undefined,
          statementTimeout: Duration.seconds(30),
          lockTimeout: Duration.seconds(10)
        }
        const { ca, host, port, tls } = server
        const route: Route = { _tag: "Socket", host, port, tls, ca }
        const reading = yield* sessions.make(login, route, { lockTimeout: login.lockTimeout, lockRetries: 0 })
        return {
          of: (place) => operations(reading, connect(login, route), { ...login, schema: options.schema }, place)
        }
      })
    )
})

const runs = rowsOf(Schema.Struct({ run: Schema.Int }))
const journal = rowsOf(Schema.Struct({ text: Schema.String }))
const releases = rowsOf(Schema.Struct({ release: Release.Release }))

const operations = (
  reading: sessions.Session,
  open: ReturnType<typeof connect>,
  name: StoreName,
  place: Store.Place
): Store.Operations => {
  const all = statements.make(name.schema, place)
  const ask = (statement: Statement) => sessions.oneOf(reading, statement).pipe(whereMissing(undefined), inStore(name))
  return {
    name: describe(name),
    acquire: (claim) => acquire(open, all, name, claim),
    holder: Effect.map(Effect.flatMap(ask(all.holders), holdingOf(name)), (holding) => holding?.holder),
    unlock: (by) => Effect.scoped(unlock(open, all, name, by)),
    runs: Effect.map(Effect.flatMap(ask(all.runs), runs(name)), (rows) => rows.map(({ run }) => run)),
    journal: (run) =>
      Effect.map(Effect.flatMap(ask(all.journal(run)), journal(name)), (rows) => rows.map(({ text }) => text).join("")),
    releases: Effect.map(Effect.flatMap(ask(all.releases), releases(name)), (rows) =>
      rows.map(({ release }) => release)
    )
  }
}
