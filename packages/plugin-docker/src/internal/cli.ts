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

/** What a probe may ask of the engine, whatever follows these words: they read. */
const engineReads: Command.Allowed = [
  ["docker", "info"],
  ["docker", "ps"],
  ["docker", "logs"],
  ["docker", "container", "inspect"],
  ["docker", "image", "inspect"],
  ["docker", "volume", "ls"],
  ["docker", "compose", "version"]
]

/** What it may ask of a project, after the words that say which. */
const projectReads: Command.Allowed = [
  ["config", "--format", "json"],
  ["config", "--hash", "*"]
]

/** Runs commands of `docker` that read: those on the lists, and no others. */
export const makeReader = (options: ProjectOptions, probe: Target.ReadOperations) => {
  const words = composeWords(options)
  const resolvedWords = composeWords({ ...options, files: ["-"], envFile: undefined })
  const allowed: Command.Allowed = [
    ...engineReads,
    ...[words, resolvedWords].flatMap((start) => projectReads.map((read) => ["docker", ...start, ...read]))
  ]
  const run = (args: ReadonlyArray<string>, stdin?: string) =>
    probe.run(allowed, Command.make("docker", args, stdin === undefined ? {} : { stdin })).pipe(
      // A command that is on no list is a defect of this plugin.
      Effect.catchTag("CommandNotAllowed", Effect.die),
      quietly
    )
  return {
    /** A command on the engine. */
    engine: (args: ReadonlyArray<string>) => Effect.mapError(run(args), engineError),
    /** A command on the engine, whose failures are its own. */
    raw: (args: ReadonlyArray<string>) => run(args),
    /** A command on the project. */
    project: (args: ReadonlyArray<string>) => Effect.mapError(run([...words, ...args]), projectError),
    /** A command on the project as its resolved configuration says it is. */
    resolved: (configuration: string, args: ReadonlyArray<string>) =>
      Effect.mapError(run([...resolvedWords, ...args], configuration), projectError)
  }
}

export type Reader = ReturnType<typeof makeReader>
