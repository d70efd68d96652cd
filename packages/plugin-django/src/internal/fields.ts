/** Fields that several steps have in common. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** A name of Django's `DATABASES`. */
export const Database = Schema.NonEmptyString.pipe(Schema.withDecodingDefaultKey(Effect.succeed("default")))

/** Lookups of Django's ORM. */
export const Filter = Schema.Record(Schema.String, Schema.Json)

/** A flag that is off unless it is given. */
export const Off = Schema.Boolean.pipe(Schema.withDecodingDefaultKey(Effect.succeed(false)))

/** A flag that is on unless it is given. */
export const On = Schema.Boolean.pipe(Schema.withDecodingDefaultKey(Effect.succeed(true)))

/** A list of names that is empty unless it is given. */
export const Names = Schema.Array(Schema.NonEmptyString).pipe(Schema.withDecodingDefaultKey(Effect.succeed([])))

/** A secret that is not empty. */
export const Secret = Schema.Redacted(Schema.NonEmptyString)
