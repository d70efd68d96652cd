import { Check, type Resource } from "@shipshape/core"
import * as Effect from "effect/Effect"
import { DatabaseUnavailable, SchemaIncomplete, UnknownGroup, UnknownUser } from "../DjangoError.ts"
import { DjangoProbe } from "../DjangoProbe.ts"

/** The database's tables, as the code's migrations make them. */
export const schemaOf = (database: string): Resource.Resource => `django-schema:${database}`

/** The same tables, as steps of the plugin for PostgreSQL lack them. */
export const sqlSchema: Resource.Resource = "postgres:schema"

/** What is in the tables: steps that write it provide it. */
export const rowsOf = (database: string): Resource.Resource => `django-rows:${database}`

/** Which resource an error says is not there. */
const lackOf = (error: unknown, database: string): Effect.Effect<Resource.Resource | undefined, never, DjangoProbe> =>
  error instanceof DatabaseUnavailable
    ? Effect.map(DjangoProbe, (probe) => probe.database)
    : Effect.succeed(
        error instanceof SchemaIncomplete
          ? schemaOf(database)
          : error instanceof UnknownGroup || error instanceof UnknownUser
            ? rowsOf(database)
            : undefined
      )

/** A check cannot look, as far as an earlier step may bring what it lacks. */
export const lookable =
  (database: string) =>
  <A, E extends { readonly message: string; readonly hint: string }, R>(
    check: Effect.Effect<Check.Check<A>, E, R>
  ): Effect.Effect<Check.Check<A>, E, R | DjangoProbe> =>
    Effect.catch(check, (error) =>
      Effect.flatMap(lackOf(error, database), (lack) =>
        lack === undefined ? Effect.fail(error) : Effect.succeed(Check.unavailableBecause([lack], error))
      )
    )
