/** What is known of an env file without its content, and the one way its content changes. */
import { Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import { unlessDenied } from "./envReading.ts"
import { sha256Of, stash } from "./keptFiles.ts"

/** Permission bits, written as people know them: `"640"`. */
const Octal = Schema.String.check(Schema.isPattern(/^[0-7]{1,4}$/)).pipe(
  Schema.decodeTo(
    Schema.Int,
    SchemaTransformation.transform({ decode: (text) => Number.parseInt(text, 8), encode: (mode) => mode.toString(8) })
  )
)

/** Facts of a file; none of one that is not there, and no digest of one that this user may not read. */
export const factFields = {
  sha256: Schema.optionalKey(Schema.String),
  owner: Schema.optionalKey(Schema.Int),
  group: Schema.optionalKey(Schema.Int),
  mode: Schema.optionalKey(Octal)
}

type Facts = Schema.Struct.Type<typeof factFields>

export const factsAt = Effect.fnUntraced(function* (
  path: string
): Effect.fn.Return<Facts, Target.FileError, Target.TargetProbe> {
  const probe = yield* Target.TargetProbe
  const stat = yield* probe.stat(path)
  if (stat === undefined) return {}
  const content = yield* unlessDenied(probe.readFile(path))
  return {
    ...(content === undefined ? {} : { sha256: sha256Of(content) }),
    owner: stat.uid,
    group: stat.gid,
    mode: stat.mode
  }
})

export const ownershipIn = ({ group, mode, owner }: Facts): Target.Ownership => ({ uid: owner, gid: group, mode })

/** Writes the file as a whole. What it held before is copied first: undo needs it. */
export const replace = Effect.fnUntraced(function* (
  path: string,
  content: string | Uint8Array,
  ownership: Target.Ownership
) {
  yield* stash(path)
  yield* (yield* Target.Target).writeFile(path, content, ownership)
})
