/** Fields that several steps have. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

export const Names = Schema.NonEmptyArray(Schema.NonEmptyString)

/** A program and its arguments. */
export const Words = Schema.NonEmptyArray(Schema.String)

/** A field that is `false` where it is left out. */
export const Flag = Schema.Boolean.pipe(Schema.withDecodingDefaultKey(Effect.succeed(false)))

/** A user or group id. */
export const Id = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

const octal = (mode: number): string => `0o${mode.toString(8)}`

/** The permission bits alone, as in `0o755`. Nobody gets them by being somebody else. */
export const Mode = Schema.Int.check(
  Schema.makeFilter((mode: number) =>
    mode >= 0 && mode <= 0o7777 ? undefined : `${mode} is no mode: write it in octal, as in 0o750`
  ),
  Schema.makeFilter((mode: number) =>
    (mode & 0o002) === 0
      ? undefined
      : `${octal(mode)} lets every user of the machine write: make the owner the user that writes, and use ${octal(
          mode & ~0o002
        )}`
  )
)

/** A mode for a file that holds secrets. */
export const SecretMode = Mode.check(
  Schema.makeFilter((mode: number) =>
    (mode & 0o007) === 0
      ? undefined
      : `${octal(mode)} lets every user of the machine read secrets: use ${octal(mode & ~0o007)}, and a group if need be`
  )
)
