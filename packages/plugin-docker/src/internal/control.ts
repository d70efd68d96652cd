import { Command, type Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import type { ComposeControl } from "../ComposeControl.ts"
import { BuildFailed, CommandFailed, NotWritable, PullFailed, VolumeInUse } from "../DockerError.ts"
import { labelWords } from "./attemptMarks.ts"
import { engineError, linesOf, projectError, startError, tailOf } from "./classify.ts"
import { composeWords, type ProjectOptions } from "./cli.ts"
import { environmentWords } from "./containerRun.ts"
import { makeService } from "./containers.ts"
import { makeScript, proveScript, removeScript } from "./directories.ts"
import type { Guests } from "./guests.ts"
import { removeLeft } from "./oneOff.ts"
import { oneOffName } from "./oneOffName.ts"

/** What Compose prints is for logs, not for a terminal. */
const plainOutput = ["--ansi", "never", "--progress", "plain"]

/** What a command failed with, unless it is something of the project or the engine. */
const orElse =
  <E>(own: (error: Target.CommandFailed) => E) =>
  (error: Target.RunError) => {
    const other = projectError(error)
    return other._tag === "DockerFailed" && error._tag === "CommandFailed" ? own(error) : other
  }

const buildFailed = (services: ReadonlyArray<string>) =>
  orElse((error) => {
    const said = linesOf(`${error.stdout}\n${error.stderr}`)
    const culprit = said.findLast((line) => /^(ERROR|failed to solve|target )/.test(line)) ?? said.at(-1) ?? ""
    return new BuildFailed({
      services,
      message: `building ${services.join(", ")} failed: ${culprit}`,
      hint: "read the lines above and correct the Dockerfile or the files it copies; the images that were there are untouched",
      tail: tailOf(`${error.stdout}\n${error.stderr}`),
      cause: error
    })
  })

const pullFailed = (services: ReadonlyArray<string>) =>
  orElse(
    (error) =>
      new PullFailed({
        services,
        message: `pulling the images of ${services.join(", ")} failed: ${linesOf(error.stderr).at(-1) ?? ""}`,
        hint: "check the image's name and tag, `docker login`, and the way to the registry",
        tail: tailOf(error.stderr),
        retryable: true,
        cause: error
      })
  )

const commandFailed = (
  service: string,
  command: string,
  exitCode: number,
  tail: ReadonlyArray<string>
): CommandFailed =>
  new CommandFailed({
    service,
    command,
    exitCode,
    tail,
    message: `\`${command}\` in service ${service} ended with exit code ${exitCode}`,
    hint: "read the lines above",
    retryable: true
  })

/** The writing side of a real project. */
export const make = (
  options: ProjectOptions,
  machine: Target.Operations,
  guests: Guests
): ComposeControl["Service"] => {
  const [first = "", ...rest] = composeWords(options)
  const words = [first, ...plainOutput, ...rest]
  const service = makeService(options, machine, guests)
  const compose = (args: ReadonlyArray<string>, settings: Omit<Command.Command, "program" | "args"> = {}) =>
    machine.run(Command.make("docker", [...words, ...args], settings))
  const onProject = (...args: ReadonlyArray<string>) => compose(args).pipe(Effect.mapError(projectError), Effect.asVoid)
  const docker = (...args: ReadonlyArray<string>) =>
    machine.run(Command.make("docker", args)).pipe(Effect.mapError(engineError), Effect.asVoid)

  return {
    build: (services, { labels, noCache, pull }) => {
      const override = Object.fromEntries(services.map((name) => [name, { build: { labels: labels[name] ?? {} } }]))
      const flags = [...(noCache ? ["--no-cache"] : []), ...(pull ? ["--pull"] : [])]
      return compose(["--file", "-", "build", ...flags, ...services], {
        stdin: JSON.stringify({ services: override })
      }).pipe(Effect.mapError(buildFailed(services)), Effect.asVoid)
    },
    pull: (services) => compose(["pull", ...services]).pipe(Effect.mapError(pullFailed(services)), Effect.asVoid),
    tag: (id, reference) => docker("image", "tag", id, reference),
    // By force: otherwise the last name of an image stays as long as a container is made of it.
    untag: (reference) =>
      docker("image", "rm", "--force", reference).pipe(
        Effect.catchIf(
          (error) => error._tag === "DockerFailed" && /no such image/i.test(error.message),
          () => Effect.void
        )
      ),
    up: (services) => onProject("up", "--detach", "--no-build", ...services),
    unpause: (services) => onProject("unpause", ...services),
    restart: (services) => onProject("restart", "--no-deps", ...services),
    stop: (services) => onProject("stop", ...services),
    down: onProject("down"),
    removeContainers: (ids) => Effect.andThen(docker("stop", ...ids), docker("rm", "--force", ...ids)),
    removeVolumes: (names) =>
      machine.run(Command.make("docker", ["volume", "rm", ...names])).pipe(
        Effect.mapError((error) => {
          const other = engineError(error)
          const used =
            error._tag === "CommandFailed"
              ? /remove (?<volume>\S+): volume is in use/.exec(error.stderr)?.groups?.volume
              : undefined
          return used === undefined
            ? other
            : new VolumeInUse({
                volume: used,
                message: `volume ${used} is used by a container that is not of this project`,
                hint: `\`docker ps --all --filter volume=${used}\` names it: remove it, or leave the volume`,
                cause: error
              })
        }),
        Effect.asVoid
      ),
    run: Effect.fnUntraced(function* ({ command, env, service: name, user, withDependencies }) {
      const environment = environmentWords(env)
      const [program = "", ...args] = command
      const container = oneOffName(name)
      yield* compose(
        [
          "run",
          "--rm",
          "--no-TTY",
          ...(withDependencies ? [] : ["--no-deps"]),
          "--name",
          container,
          ...(yield* labelWords),
          ...(user === undefined ? [] : ["--user", user]),
          ...environment.words,
          name,
          ...command
        ],
        { env: environment.env }
      ).pipe(
        Effect.onInterrupt(() => removeLeft(machine, container)),
        Effect.mapError((error) => {
          const start = startError(error)
          if (start !== undefined || error._tag !== "CommandFailed") return start ?? engineError(error)
          const printed = tailOf(`${error.stdout}\n${error.stderr}`)
          return commandFailed(name, Command.format(Command.make(program, args)), error.exitCode, printed)
        })
      )
    }),
    exec: ({ command: [program = "", ...args], env, service: name, user }) =>
      service(name)
        .run(Command.make(program, args, { env, ...(user === undefined ? {} : { user }) }))
        .pipe(
          Effect.catchTag("CommandFailed", (error) =>
            Effect.fail(commandFailed(name, error.command, error.exitCode, error.tail ?? []))
          ),
          Effect.asVoid
        ),
    makeDirectories: Effect.fnUntraced(function* (name, paths, { gid, mode, uid }) {
      const container = service(name)
      const script = (text: string, args: ReadonlyArray<string>) => ["-c", text, "sh", ...args]
      const making = script(makeScript, [`${uid}:${gid}`, mode.toString(8), ...paths])
      yield* container.run(Command.make("sh", making, { user: "0" }))
      const { stdout } = yield* container.run(Command.make("sh", script(proveScript, paths)))
      const refused = linesOf(stdout)
      if (refused.length > 0) return yield* notWritable(name, refused)
    }),
    removeDirectories: (name, paths) => {
      const place = name === undefined ? machine : service(name)
      const as = name === undefined ? {} : { user: "0" }
      return Effect.map(place.run(Command.make("sh", ["-c", removeScript, "sh", ...paths], as)), ({ stdout }) =>
        linesOf(stdout)
      )
    }
  }
}

const notWritable = (service: string, paths: ReadonlyArray<string>): NotWritable =>
  new NotWritable({
    service,
    paths,
    message: `the user that service ${service} runs as cannot make a file in ${paths.join(", ")}`,
    hint: "make the owner the user of the image (`docker compose exec SERVICE id`), or see whether the volume is read-only"
  })
