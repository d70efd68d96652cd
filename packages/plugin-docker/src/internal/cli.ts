import { Command, Progress, type Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import { engineError, projectError } from "./classify.ts"

/** Which Compose project. */
export interface ProjectOptions {
  readonly directory: string
  readonly files: ReadonlyArray<string>
  readonly project: string | undefined
  readonly envFile: string | undefined
  readonly profiles: ReadonlyArray<string>
}

/** A path of the project as the target knows it. */
export const pathIn = (directory: string, path: string): string =>
  path.startsWith("/") ? path : `${directory.replace(/\/+$/, "")}/${path.replace(/^\.\//, "")}`

/** How every command on the project begins: `docker compose` and the words that say which project. */
export const composeWords = (options: ProjectOptions): ReadonlyArray<string> => [
  "compose",
  "--project-directory",
  options.directory,
  ...options.files.flatMap((file) => ["--file", file === "-" ? file : pathIn(options.directory, file)]),
  ...(options.project === undefined ? [] : ["--project-name", options.project]),
  ...(options.envFile === undefined ? [] : ["--env-file", pathIn(options.directory, options.envFile)]),
  ...options.profiles.flatMap((profile) => ["--profile", profile])
]

/** What is read is not what the step does: its lines are no progress. */
export const quietly = Effect.provideService(Progress.Current, { line: () => {} })

/** Runs reading commands of `docker`: each begins with one of the given words, whatever follows. */
export const makeReader = (probe: Target.ReadOperations) => {
  const run = (
    words: ReadonlyArray<string>,
    rest: ReadonlyArray<string>,
    options: Omit<Command.Command, "program" | "args">
  ) =>
    probe.run([["docker", ...words]], Command.make("docker", [...words, ...rest], options)).pipe(
      // The list is made of the very words of the command.
      Effect.catchTag("CommandNotAllowed", Effect.die),
      quietly
    )
  return {
    /** A command on the engine. */
    engine: (words: ReadonlyArray<string>, rest: ReadonlyArray<string> = [], options = {}) =>
      Effect.mapError(run(words, rest, options), engineError),
    /** A command on the project. */
    project: (words: ReadonlyArray<string>, rest: ReadonlyArray<string> = [], options = {}) =>
      Effect.mapError(run(words, rest, options), projectError),
    /** A command in a container, whose failures are its own. */
    raw: run
  }
}
