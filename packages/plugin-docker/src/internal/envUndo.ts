/** How an env file gets back to what it was: facts are captured, and the content lies where `replace` has copied it. */
import { Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { ComposeProbe } from "../ComposeProbe.ts"
import { EnvFileGone } from "../DockerError.ts"
import { pathIn } from "./cli.ts"
import { factFields, factsAt, ownershipIn, replace } from "./envFacts.ts"
import { holds, stash, undoCopy } from "./keptFiles.ts"

export const Captured = Schema.Struct({ existed: Schema.Boolean, ...factFields })

interface Input {
  readonly path: string
}

const at = ({ path }: Input) => Effect.map(ComposeProbe, ({ directory }) => pathIn(directory, path))

export const capture = Effect.fnUntraced(function* (input: Input) {
  const facts = yield* factsAt(yield* at(input))
  return { existed: facts.mode !== undefined, ...facts }
})

const gone = (path: string, why: string): EnvFileGone =>
  new EnvFileGone({
    path,
    message: `${path} cannot be put back: ${why}`,
    hint: "write it by hand as it was before the run; copies of earlier contents are in .shipshape/kept/.undo"
  })

export const restore = Effect.fnUntraced(function* (captured: typeof Captured.Type, input: Input) {
  const target = yield* Target.Target
  const path = yield* at(input)
  if (!captured.existed) {
    // What was made may hold a secret that is in use already.
    yield* stash(path)
    return yield* target.remove(path)
  }
  const { sha256 } = captured
  if (sha256 === undefined) return yield* gone(input.path, "this user could not read it before")
  if (yield* holds(target, path, sha256)) return yield* target.setOwnership(path, ownershipIn(captured))
  const copy = yield* undoCopy(path, sha256)
  if (copy === undefined || !(yield* holds(target, copy, sha256))) {
    return yield* gone(input.path, "the copy of what it held is not there, or is not what it was")
  }
  yield* replace(path, yield* target.readFile(copy), ownershipIn(captured))
})
