import * as Effect from "effect/Effect"
import type { Base } from "../../Plugin.ts"
import { StoreFailed } from "../../Store.ts"
import * as Target from "../../Target.ts"

/** The target's files as the store uses them: what is not there is empty, and every failure says what it was for. */
export interface Disk {
  readonly target: Target.Operations
  readonly probe: Target.ReadOperations
  readonly exists: (path: string) => Effect.Effect<boolean, StoreFailed>
  readonly list: (path: string) => Effect.Effect<ReadonlyArray<string>, StoreFailed>
  /** Bytes that are no whole character are read as “�”; where nothing is, the text is empty. */
  readonly read: (path: string) => Effect.Effect<string, StoreFailed>
  readonly write: (path: string, text: string) => Effect.Effect<void, StoreFailed>
  readonly append: (path: string, text: string) => Effect.Effect<void, StoreFailed>
  readonly makeFolder: (path: string) => Effect.Effect<void, StoreFailed>
  readonly remove: (path: string) => Effect.Effect<void, StoreFailed>
  /** Cuts off a line that was begun and not ended. */
  readonly mend: (path: string) => Effect.Effect<void, StoreFailed>
}

/** Only who runs deployments may read what they leave. */
const folderMode = { mode: 0o700 }
const fileMode = { mode: 0o600 }

const lineEnd = 0x0a

export const storeFailed = (error: Target.FileError | Target.RunError | Target.CommandNotAllowed): StoreFailed =>
  new StoreFailed({
    message: `the store of runs and releases fails: ${error.message}`,
    hint: error.hint,
    retryable: error.retryable,
    ...(error.tail === undefined ? {} : { tail: error.tail }),
    cause: error
  })

const decoder = new TextDecoder("utf-8", { ignoreBOM: true })

export const makeDisk: Effect.Effect<Disk, never, Base> = Effect.gen(function* () {
  const target = yield* Target.Target
  const probe = yield* Target.TargetProbe
  const doing = <A>(effect: Effect.Effect<A, Target.FileError>) => Effect.mapError(effect, storeFailed)
  const orElse = <A>(effect: Effect.Effect<A, Target.FileError>, absent: A) =>
    doing(
      Effect.catchIf(
        effect,
        (error) => error._tag === "FileFailed" && error.errno === "ENOENT",
        () => Effect.succeed(absent)
      )
    )
  const bytes = (path: string) => orElse<Uint8Array>(probe.readFile(path), new Uint8Array())
  return {
    target,
    probe,
    exists: (path) => doing(Effect.map(probe.stat(path), (stat) => stat !== undefined)),
    list: (path) => orElse<ReadonlyArray<string>>(probe.list(path), []),
    read: (path) => Effect.map(bytes(path), (content) => decoder.decode(content)),
    write: (path, text) => doing(target.writeFile(path, text, fileMode)),
    append: (path, text) => doing(target.appendFile(path, text, fileMode)),
    // The owner and mode of a folder that is there are somebody's decision.
    makeFolder: (path) =>
      doing(
        Effect.flatMap(probe.stat(path), (stat) =>
          stat === undefined ? target.makeDirectory(path, folderMode) : Effect.void
        )
      ),
    remove: (path) => doing(target.remove(path)),
    mend: (path) =>
      Effect.flatMap(bytes(path), (content) => {
        const whole = content.lastIndexOf(lineEnd) + 1
        return whole === content.length ? Effect.void : doing(target.writeFile(path, content.slice(0, whole), fileMode))
      })
  }
})
