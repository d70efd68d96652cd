import { Check, Step } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { isUnreached, serverResource } from "./internal/whenReached.ts"
import { PostgresControl } from "./PostgresControl.ts"
import { PostgresProbe } from "./PostgresProbe.ts"

/**
 * PostgreSQL accepts queries. A server that starts is waited for, 60 seconds unless `timeout` says otherwise; a server
 * that only initialises its volume, as the official image does at its first start, does not count.
 *
 * A container that does not run is not waited for: the step is known after the one that starts it.
 *
 * @example
 * ```ts
 * import { Postgres } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 *
 * assert.equal(Postgres.ready("database-ready", { timeout: "2 minutes" }).type, "postgres.ready")
 * ```
 *
 * @since 0.1.0
 */
export const ready = Step.make("postgres.ready", {
  description: "PostgreSQL accepts queries",
  risk: "additive",
  input: { timeout: Schema.DurationFromString.pipe(Schema.withDecodingDefaultKey(Effect.succeed("60 seconds"))) },
  output: { version: Schema.String, database: Schema.String, user: Schema.String },
  provides: () => [serverResource],
  alters: "none",
  check: Effect.fn("postgres.ready.check")(function* () {
    const probe = yield* PostgresProbe
    return yield* probe.server.pipe(
      Effect.map(({ database, user, version }) => Check.satisfied({ version, database, user })),
      Effect.catchIf(
        (error) => isUnreached(error) && error._tag !== "TargetUnavailable",
        (error) => Effect.succeed(Check.needed([{ summary: "wait until it accepts queries", before: error.message }]))
      )
    )
  }),
  apply: Effect.fn("postgres.ready.apply")(function* ({ timeout }) {
    yield* (yield* PostgresControl).waitUntilReady(timeout)
  })
})
