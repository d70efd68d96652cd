/** What an env file leaves in a release, and the way back to it: facts, and a copy of the content beside the journal. */
import { Check, Dotenv, type Release, Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { ComposeProbe } from "../ComposeProbe.ts"
import { EnvFileGone, EnvFileMoved } from "../DockerError.ts"
import { pathIn } from "./cli.ts"
import { factFields, factsAt, ownershipIn, replace } from "./envFacts.ts"
import { registerSecrets, unlessDenied } from "./envReading.ts"
import { holds, keptPath, removeCopy, sha256Of, writeCopy } from "./keptFiles.ts"
import { ownershipChanges } from "./ownership.ts"
import * as resources from "./resources.ts"

/** An env file as a release has it. */
export const Recorded = Schema.Struct({ path: Schema.String, ...factFields })

type Recorded = typeof Recorded.Type

interface Input {
  readonly path: string
  readonly generate: ReadonlyArray<string>
}

const at = (path: string) => Effect.map(ComposeProbe, ({ directory }) => pathIn(directory, path))

export const record = Effect.fnUntraced(function* ({ path }: Input) {
  return { path, ...(yield* factsAt(yield* at(path))) }
})

export const keep = Effect.fnUntraced(function* ({ path, sha256 }: Recorded, keeping: Release.Keeping) {
  if (sha256 === undefined) return
  const target = yield* Target.Target
  const copy = keptPath(keeping, sha256)
  if (yield* holds(target, copy, sha256)) return
  const content = yield* target.readFile(yield* at(path))
  if (sha256Of(content) !== sha256) {
    return yield* new EnvFileMoved({
      path,
      message: `${path} has changed since release ${keeping.number} was recorded`,
      hint: "run again: the next release has it as it is now"
    })
  }
  yield* writeCopy(copy, content)
})

export const forget = Effect.fnUntraced(function* ({ sha256 }: Recorded, keeping: Release.Keeping) {
  if (sha256 !== undefined) yield* removeCopy(keptPath(keeping, sha256))
})

const gone = (path: string, release: number, copy: string): EnvFileGone =>
  new EnvFileGone({
    path,
    message: `release ${release}'s copy of ${path} is not there, or is not what it was`,
    hint: `bring ${copy} back from a backup of the machine, or go back to another release`
  })

/** What changes, by the names of keys alone. */
const keyChanges = ({ generate, path }: Input, release: number, before: Uint8Array | undefined, after: Uint8Array) =>
  Effect.gen(function* () {
    const within = `in ${path} (release ${release})`
    const whole = [{ summary: `content of ${path} (release ${release})` }]
    const parse = (bytes: Uint8Array) => Dotenv.parse(new TextDecoder().decode(bytes), path)
    const [old, next] = [parse(before ?? new Uint8Array()), parse(after)]
    if (Result.isFailure(old) || Result.isFailure(next)) return whole
    yield* registerSecrets(old.success, generate)
    yield* registerSecrets(next.success, generate)
    const keys = [...new Set([...Object.keys(old.success), ...Object.keys(next.success)])]
    const changes = keys.flatMap((key): ReadonlyArray<Check.Change> => {
      if (old.success[key] === next.success[key]) return []
      if (next.success[key] === undefined) return [{ summary: `remove ${key} ${within}` }]
      if (old.success[key] === undefined) return [{ summary: `set ${key} ${within}` }]
      return [{ summary: `change ${key} ${within}: its value is another one` }]
    })
    // Comments, quotes, the order of lines.
    return changes.length === 0 ? whole : changes
  })

/** The file as the release has it: who may read it, and every letter. */
export const back = ({
  input,
  part,
  release
}: Release.Back<Input, Recorded>): Release.Way<
  { readonly path: string },
  EnvFileGone | Target.FileError,
  ComposeProbe | Target.TargetProbe,
  ComposeProbe | Target.Target
> => {
  const copy = keptPath(release, part.sha256 ?? "")
  const missing = gone(input.path, release.number, copy)
  return {
    check: Effect.gen(function* () {
      const probe = yield* Target.TargetProbe
      const path = yield* at(input.path)
      const stat = yield* probe.stat(path)
      const before = stat === undefined ? undefined : yield* unlessDenied(probe.readFile(path))
      const ownership = stat === undefined ? [] : ownershipChanges(input.path, stat, ownershipIn(part))
      const same = before !== undefined && sha256Of(before) === part.sha256
      if (same && ownership.length === 0) return Check.satisfied({ path })
      if (same) return Check.needed(ownership, { touches: [resources.file(input.path)] })
      if (part.sha256 === undefined || !(yield* holds(probe, copy, part.sha256))) return yield* missing
      const create = stat === undefined ? [{ summary: `create ${input.path} (release ${release.number})` }] : []
      const keys = yield* keyChanges(input, release.number, before, yield* probe.readFile(copy))
      return Check.needed([...create, ...ownership, ...keys], {
        touches: [resources.file(input.path), resources.configuration]
      })
    }),
    apply: Effect.gen(function* () {
      const target = yield* Target.Target
      const path = yield* at(input.path)
      const stat = yield* target.stat(path)
      if (stat !== undefined) yield* target.setOwnership(path, ownershipIn(part))
      if (part.sha256 === undefined) return yield* missing
      if (yield* holds(target, path, part.sha256)) return
      if (!(yield* holds(target, copy, part.sha256))) return yield* missing
      yield* replace(path, yield* target.readFile(copy), ownershipIn(part))
    })
  }
}
