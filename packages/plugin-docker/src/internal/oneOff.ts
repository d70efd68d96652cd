import { type Command, Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import { labelWords } from "./attemptMarks.ts"
import { composeWords, type ProjectOptions, quietly } from "./cli.ts"
import * as containerFiles from "./containerFiles.ts"
import { environmentWords, refusedCommand, runError } from "./containerRun.ts"
import type { Guests } from "./guests.ts"
import { oneOffName } from "./oneOffName.ts"
import type { Facts } from "./probe.ts"

/** Compose splits what it is told to start as a shell would. */
const asWord = (program: string): string =>
  /^[\w./+-]+$/.test(program) ? program : `'${program.replaceAll("'", `'\\''`)}'`

/** The command that runs `command`, and nothing of the image's own, in a container of that name. */
const runCommand = (
  words: ReadonlyArray<string>,
  service: string,
  { args, cwd, env, program, user, ...options }: Command.Command,
  name: string,
  labels: ReadonlyArray<string>
): Command.Command => {
  const environment = environmentWords(env)
  return {
    ...options,
    program: "docker",
    env: environment.env,
    args: [
      ...words,
      "run",
      "--rm",
      "--no-TTY",
      "--no-deps",
      "--name",
      name,
      ...labels,
      "--entrypoint",
      asWord(program),
      ...(user === undefined ? [] : ["--user", user]),
      ...(cwd === undefined ? [] : ["--workdir", cwd]),
      ...environment.words,
      service,
      ...args
    ]
  }
}

/** Removes a container that its client may have left, as a client that is killed does. Ctrl-C waits for it. */
export const removeLeft = (machine: Target.Operations, name: string): Effect.Effect<void> =>
  machine.run({ program: "docker", args: ["rm", "--force", name], timeout: "1 minute" }).pipe(
    quietly,
    Effect.catch((error) => Effect.logDebug(`could not remove container ${name}: ${error.message}`)),
    Effect.asVoid
  )

const unavailable = (
  service: string,
  what: { readonly message: string; readonly hint: string }
): Target.TargetUnavailable =>
  new Target.TargetUnavailable({
    target: `one-off container of ${service}`,
    resource: `image:${service}`,
    message: what.message,
    hint: what.hint,
    cause: what
  })

/** What a one-off container would be made of now. Compose would build a missing image unasked, so it is looked for. */
export const makeRevision =
  (facts: Facts) =>
  (service: string): Effect.Effect<string, Target.RunError> =>
    Effect.gen(function* () {
      const [project, images] = yield* Effect.all([facts.project, facts.images], { concurrency: 2 })
      const found = project.services[service]
      const image = found === undefined ? undefined : images.get(found.image)
      if (found !== undefined && image !== undefined) return `${image.id} ${found.hash}`
      return yield* unavailable(service, {
        message:
          found === undefined
            ? `Compose project ${project.name} has no service ${service}`
            : `${service} has no image yet`,
        hint: found === undefined ? "correct the service's name" : "build or pull it with a step before this one"
      })
    }).pipe(Effect.mapError((error) => (error._tag === "TargetUnavailable" ? error : unavailable(service, error))))

/** Containers of a service's present image, each made for one command. */
export const makeOneOff = (options: ProjectOptions, machine: Target.Operations, facts: Facts, guests: Guests) => {
  const words = composeWords(options)
  const revision = makeRevision(facts)
  const prepared = Effect.fnUntraced(function* (service: string, command: Command.Command) {
    yield* revision(service)
    const refused = refusedCommand(service, command)
    if (refused !== undefined) return yield* refused
    const name = oneOffName(service)
    return { name, command: runCommand(words, service, command, name, yield* labelWords) }
  })
  return (service: string): Target.Operations => {
    const run = Effect.fnUntraced(function* (command: Command.Command) {
      const { command: docker, name } = yield* prepared(service, command)
      return yield* Effect.andThen(guests.enter(service), machine.run(docker)).pipe(
        Effect.scoped,
        Effect.onInterrupt(() => removeLeft(machine, name)),
        Effect.tapErrorTag("CommandTimedOut", () => removeLeft(machine, name)),
        Effect.mapError(runError(service, command))
      )
    })
    return {
      name: `one-off container of ${service}`,
      resource: `image:${service}`,
      run,
      open: Effect.fnUntraced(function* (command) {
        const { command: docker, name } = yield* prepared(service, command)
        yield* guests.enter(service)
        yield* Effect.addFinalizer(() => removeLeft(machine, name))
        return yield* Effect.mapError(machine.open(docker), runError(service, command))
      }),
      ...containerFiles.make(run)
    }
  }
}
