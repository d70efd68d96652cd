/** What is written of an enum. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** PostgreSQL cuts longer names; a label is counted in bytes. */
export const Label = Schema.NonEmptyString.check(
  Schema.makeFilter((label) =>
    new TextEncoder().encode(label).length > 63
      ? "expected at most 63 bytes"
      : label.includes("\0")
        ? "expected no NUL"
        : undefined
  )
)

const Labels = Schema.Array(Label).check(
  Schema.isMinLength(1),
  Schema.makeFilter((labels) => (new Set(labels).size === labels.length ? undefined : "expected each label once"))
)

export const enumInput = {
  name: Schema.NonEmptyString,
  schema: Schema.NonEmptyString.pipe(Schema.withDecodingDefaultKey(Effect.succeed("public"))),
  labels: Labels
}
