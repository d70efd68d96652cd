import { Command, Look, type Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Request from "effect/Request"
import * as RequestResolver from "effect/RequestResolver"
import type { ComposeProbe, DirectoryFacts, Image, LogLine, LogOptions } from "../ComposeProbe.ts"
import { DaemonUnreachable, DockerFailed } from "../DockerError.ts"
import { buildInputs } from "./buildInputs.ts"
import { engineError, linesOf } from "./classify.ts"
import { composeWords, makeReader, type ProjectOptions, quietly, type Reader } from "./cli.ts"
import { execAllowed, execCommand, execError } from "./containerRun.ts"
import { lookScript, looks, parseLook } from "./directories.ts"
import { parseConfig, parseContainers, parseHashes, parseImages, parseInfo, parseVersion, projectOf } from "./facts.ts"
import { type Guests, ownRuns, psWords } from "./guests.ts"
import { servicesOf } from "./names.ts"
import { listeningIn, programOn, publisherFormat, publishersIn } from "./ports.ts"

/** A question without an argument, asked once per look. */
const once = <A, E>(ask: Effect.Effect<A, E>): Effect.Effect<A, E> => Look.shared((_: "") => ask)("")

/** What is known of those that are there, as JSON. */
const inspect = (read: Reader, kind: "container" | "image", names: ReadonlyArray<string>) =>
  read.raw([kind, "inspect", ...names]).pipe(
    Effect.map(({ stdout }) => stdout),
    Effect.catch((error) =>
      // It prints those that are there also where it ends with an error for the others.
      error._tag === "CommandFailed" && linesOf(error.stderr).every((line) => /no such (image|container)/i.test(line))
        ? Effect.succeed(error.stdout)
        : Effect.fail(engineError(error))
    )
  )

/** What every part of a project's plugin looks at. */
export const makeFacts = (options: ProjectOptions, probe: Target.ReadOperations) => {
  const read = makeReader(options, probe)
  const resolved = once(Effect.map(read.project(["config", "--format", "json"]), ({ stdout }) => stdout))
  const config = once(Effect.flatMap(resolved, parseConfig))
  // Of the resolved configuration: of the files themselves, `--hash` gives a service with an env_file another hash than
  // `up` puts on its container.
  const hashes = once(
    Effect.gen(function* () {
      const { stdout } = yield* read.resolved(yield* resolved, ["config", "--hash", "*"])
      return parseHashes(stdout)
    })
  )
  const project = once(Effect.all([config, hashes]).pipe(Effect.map(([found, digests]) => projectOf(found, digests))))
  const containers = once(
    Effect.gen(function* () {
      const { name } = yield* config
      const filter = `label=com.docker.compose.project=${name}`
      const { stdout } = yield* read.engine(["ps", "--all", "--quiet", "--no-trunc", "--filter", filter])
      const ids = linesOf(stdout)
      if (ids.length === 0) return []
      // One that has gone between the two commands is left out.
      return yield* parseContainers(yield* inspect(read, "container", ids))
    })
  )
  // A name of an image has no line break.
  const find = Look.shared((lines: string) => {
    const names = lines.split("\n")
    return Effect.flatMap(inspect(read, "image", names), (text) => parseImages(names, text))
  })
  const findImages = (names: ReadonlyArray<string>) =>
    names.length === 0 ? Effect.succeed(new Map<string, Image>()) : find([...new Set(names)].sort().join("\n"))
  const images = Effect.flatMap(project, ({ services }) =>
    findImages(Object.values(services).map(({ image }) => image))
  )
  const volumes = once(
    Effect.map(read.engine(["volume", "ls", "--quiet"]), ({ stdout }): ReadonlySet<string> => new Set(linesOf(stdout)))
  )
  return {
    config,
    project,
    containers,
    images,
    findImages,
    volumes,
    buildInputs: once(Effect.flatMap(config, (c) => buildInputs(probe, options.directory, c)))
  }
}

export type Facts = ReturnType<typeof makeFacts>

const makeEngine = (read: Reader) =>
  once(
    Effect.gen(function* () {
      const info = yield* Effect.flatMap(read.engine(["info", "--format", "{{json .}}"]), ({ stdout }) =>
        parseInfo(stdout)
      )
      const { stdout } = yield* read.engine(["compose", "version", "--format", "json"])
      const { version } = yield* parseVersion(stdout)
      const problem = info.ServerErrors?.[0]
      if (info.ServerVersion === undefined || info.ServerVersion === "" || problem !== undefined) {
        return yield* new DaemonUnreachable({
          message: `the Docker daemon does not answer: ${problem ?? "it says no version"}`,
          hint: "start it (`sudo systemctl start docker`), or correct DOCKER_HOST or the docker context",
          retryable: true
        })
      }
      return { docker: info.ServerVersion, compose: version, root: info.DockerRootDir ?? "/" }
    })
  )

class LookAtDirectories extends Request.Class<
  { readonly service: string; readonly paths: ReadonlyArray<string> },
  ReadonlyArray<DirectoryFacts>,
  Target.RunError
> {}

/** Runs a command that begins like one of `allowed` in the running container of a service. */
const makeInside = (options: ProjectOptions, probe: Target.ReadOperations, guests: Guests) => {
  const words = composeWords(options)
  const run = (allowed: Command.Allowed) => (command: Command.Command) =>
    probe.run(allowed, command).pipe(Effect.catchTag("CommandNotAllowed", Effect.die))
  return (service: string, allowed: Command.Allowed, command: Command.Command) =>
    Effect.suspend(() =>
      guests.has(service) ? ownRuns(words, service, run([["docker", ...words, ...psWords]])) : Effect.void
    ).pipe(
      Effect.andThen(run(execAllowed(words, service, allowed, command))(execCommand(words, service, command))),
      Effect.mapError(execError(service, command)),
      quietly
    )
}

type Inside = ReturnType<typeof makeInside>

/** One round trip for all that is asked of a service at the same time. */
const makeDirectories = (inside: Inside) => {
  const ask = (service: string, paths: ReadonlyArray<string>) => {
    const command = Command.make("sh", ["-c", lookScript, "sh", ...paths], { env: { LC_ALL: "C" } })
    return Effect.map(inside(service, looks, command), ({ stdout }) => parseLook(paths, stdout))
  }
  const resolver = RequestResolver.makeGrouped<LookAtDirectories, string>({
    key: ({ request }) => request.service,
    resolver: Effect.fnUntraced(function* (entries, service) {
      const paths = [...new Set(entries.flatMap(({ request }) => request.paths))]
      const exit = yield* Effect.exit(ask(service, paths))
      for (const entry of entries) {
        const wanted = new Set(entry.request.paths)
        entry.completeUnsafe(Exit.map(exit, (all) => all.filter(({ path }) => wanted.has(path))))
      }
    })
  })
  return (service: string, paths: ReadonlyArray<string>) =>
    Effect.request(new LookAtDirectories({ service, paths }), resolver)
}

const makeLogs = (facts: Facts, read: Reader) =>
  Effect.fnUntraced(function* (service: string, { since, tail }: LogOptions = {}) {
    const own = yield* stateOf(facts, service)
    const printed = yield* Effect.forEach(
      own,
      ({ id }) =>
        read.engine([
          "logs",
          "--timestamps",
          ...(since === undefined ? [] : ["--since", new Date(since).toISOString()]),
          ...(tail === undefined ? [] : ["--tail", String(tail)]),
          id
        ]),
      { concurrency: 4 }
    )
    return printed
      .flatMap(({ stderr, stdout }) => linesOf(`${stdout}\n${stderr}`))
      .map((line): LogLine => {
        const [at = "", ...words] = line.split(" ")
        return { at: Date.parse(at), service, text: words.join(" ") }
      })
      .sort((a, b) => a.at - b.at)
  })

const stateOf = Effect.fnUntraced(function* (facts: Facts, service: string) {
  yield* servicesOf(yield* facts.project, [service])
  return (yield* facts.containers).filter((container) => container.service === service && !container.oneOff)
})

/** The kernel's tables of sockets; a machine that has none of the kind has no file. */
const listening = (probe: Target.ReadOperations) =>
  Effect.map(
    Effect.forEach(["/proc/net/tcp", "/proc/net/tcp6"], (path) =>
      probe.readFile(path).pipe(
        Effect.map((bytes) => listeningIn(new TextDecoder().decode(bytes))),
        Effect.catchTag("FileFailed", () => Effect.succeed(new Set<number>()))
      )
    ),
    (tables) => new Set(tables.flatMap((table) => [...table]))
  )

const makeTakenPorts = (facts: Facts, read: Reader, probe: Target.ReadOperations) =>
  Effect.fnUntraced(function* (ports: ReadonlyArray<number>) {
    const { name } = yield* facts.config
    const { stdout } = yield* read.engine(["ps", "--format", publisherFormat])
    const publishers = publishersIn(stdout)
    const busy = yield* listening(probe)
    const foreign = ports.flatMap((port) => {
      const publisher = publishers.find((p) => p.ports.includes(port))
      if (publisher?.project === name || (publisher === undefined && !busy.has(port))) return []
      return [{ port, owner: publisher === undefined ? undefined : `container ${publisher.name}` }]
    })
    if (foreign.every(({ owner }) => owner !== undefined)) return foreign.map(named(""))
    // Which program it is only makes the message better: without `ss` there is none.
    const sockets = yield* probe.run([["ss", "-Hltnp"]], Command.make("ss", ["-Hltnp"])).pipe(
      Effect.map((result) => result.stdout),
      Effect.catch(() => Effect.succeed("")),
      quietly
    )
    return foreign.map(named(sockets))
  })

const named =
  (sockets: string) =>
  ({ owner, port }: { readonly port: number; readonly owner: string | undefined }) => ({
    port,
    owner: owner ?? programOn(port, sockets) ?? "a program whose name this user may not see"
  })

/** The reading side of a real project. */
export const make = (
  options: ProjectOptions,
  probe: Target.ReadOperations,
  facts: Facts,
  guests: Guests
): ComposeProbe["Service"] => {
  const read = makeReader(options, probe)
  const inside = makeInside(options, probe, guests)
  const { buildInputs, containers, findImages, images, project, volumes } = facts
  return {
    directory: options.directory,
    engine: makeEngine(read),
    project,
    containers,
    images,
    findImages,
    volumes,
    buildInputs,
    state: (service) => stateOf(facts, service),
    logs: makeLogs(facts, read),
    directories: makeDirectories(inside),
    test: (service, [program = "", ...args], { user } = {}) => {
      const command = Command.make(program, args, user === undefined ? {} : { user })
      // Its author has put this very command on the list: with `readOnly: true`, which a step that tests has to say.
      return inside(service, [[program, ...args]], command).pipe(
        Effect.as(true),
        Effect.catchTag("CommandFailed", () => Effect.succeed(false))
      )
    },
    takenPorts: makeTakenPorts(facts, read, probe),
    freeSpace: (path) =>
      probe.run([["df", "-Pk"]], Command.make("df", ["-Pk", path])).pipe(
        Effect.catchTag("CommandNotAllowed", Effect.die),
        Effect.mapError(
          (error) =>
            new DockerFailed({
              command: "df",
              message: `cannot find out how much space is free at ${path}: ${error.message}`,
              hint: "correct the path, or leave `diskFreeMiB` out",
              cause: error
            })
        ),
        Effect.map(({ stdout }) => Math.floor(Number(stdout.trim().split("\n").at(-1)?.split(/\s+/)[3]) / 1024)),
        quietly
      )
  }
}
