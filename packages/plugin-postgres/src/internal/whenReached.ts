import { Check, type Resource, Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import { ServerNotReady, ServerUnreachable } from "../PostgresError.ts"

/** What `Postgres.ready` provides: a server that accepts queries. */
export const serverResource: Resource.Resource = "postgres:server"

/** What steps that change the schema provide: tables, columns and types that later checks may ask for. */
export const schemaResource: Resource.Resource = "postgres:schema"

/**
 * What is in the tables. Work that is done may be done no longer once an earlier step has run: where there are no rows yet,
 * nothing is missing in any of them.
 */
export const rowsResource: Resource.Resource = "postgres:rows"

type Unreached = ServerUnreachable | ServerNotReady | Target.TargetUnavailable

/** Whether the server is not there, or not yet. */
export const isUnreached = (error: unknown): error is Unreached =>
  error instanceof ServerUnreachable || error instanceof ServerNotReady || error instanceof Target.TargetUnavailable

/** A check that cannot look while the server is not there is unavailable, and not failed. */
export const whenReached = <A, E, R>(
  check: Effect.Effect<Check.Check<A>, E, R>
): Effect.Effect<Check.Check<A>, Exclude<E, Unreached>, R> =>
  Effect.catch(check, (error) =>
    isUnreached(error)
      ? Effect.succeed(unavailable(error))
      : // The guard has ruled the others out, which TypeScript does not follow for a type parameter.
        Effect.fail(error as Exclude<E, Unreached>)
  )

const unavailable = (error: Unreached): Check.Check<never> =>
  Check.unavailableBecause(error.resource === undefined ? [serverResource] : [error.resource, serverResource], error)
