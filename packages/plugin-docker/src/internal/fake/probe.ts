import { type Command, Target } from "@shipshape/core"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { ComposeProbe, DirectoryFacts } from "../../ComposeProbe.ts"
import { servicesOf } from "../names.ts"
import {
  containersOf,
  type FakeContainer,
  imagesOf,
  inputsOf,
  problemOf,
  projectOf,
  runningOf,
  type State,
  viewOf
} from "./state.ts"

const notRunning = (service: string): Target.TargetUnavailable =>
  new Target.TargetUnavailable({
    target: `service ${service}`,
    resource: `service:${service}`,
    message: `service ${service} does not run`,
    hint: "bring it up with a step before this one"
  })

/** The running container of a service. */
export const running = (state: State, service: string): Effect.Effect<FakeContainer, Target.TargetUnavailable> =>
  Effect.suspend(() => {
    const container = runningOf(state, service)
    return container === undefined ? Effect.fail(notRunning(service)) : Effect.succeed(container)
  })

const factsOf = (state: State, { service, target }: FakeContainer, path: string): DirectoryFacts => {
  const entry = target.files.get(path)
  if (entry === undefined) return { path, found: undefined }
  const user = state.services.get(service)?.user ?? 0
  const bits = user === entry.uid ? 0o300 : user === entry.gid ? 0o030 : 0o003
  return {
    path,
    found: {
      type: entry.content === undefined ? "directory" : "other",
      uid: entry.uid,
      gid: entry.gid,
      mode: entry.mode,
      writable: user === 0 || (entry.mode & bits) === bits
    }
  }
}

/** The reading side of a fake world. */
export const makeProbe = (state: State): ComposeProbe["Service"] => {
  const readable = Effect.suspend(() => {
    const problem = problemOf(state)
    return problem === undefined ? Effect.void : Effect.fail(problem)
  })
  const onProject = <A>(f: () => A) => Effect.andThen(readable, Effect.sync(f))
  const onEngine = <A>(f: () => A) =>
    Effect.suspend(() => {
      const problem = state.problem
      return problem !== undefined &&
        (problem._tag === "DaemonUnreachable" || problem._tag === "NotInstalled" || problem._tag === "PermissionDenied")
        ? Effect.fail(problem)
        : Effect.sync(f)
    })
  const project = onProject(() => projectOf(state))
  const views = Effect.andThen(
    readable,
    Effect.map(Clock.currentTimeMillis, (now) => [...state.containers.values()].map(viewOf(state, now)))
  )
  return {
    directory: state.directory,
    project,
    engine: onEngine(() => {
      const { freeMiB: _, ...engine } = state.engine
      return engine
    }),
    containers: views,
    images: onProject(() => imagesOf(state)),
    findImages: (names) =>
      onEngine(
        () =>
          new Map(
            names.flatMap((name) => {
              const image = state.stored.get(state.names.get(name) ?? name)
              return image === undefined ? [] : [[name, image] as const]
            })
          )
      ),
    volumes: onEngine(() => new Set(state.volumes)),
    buildInputs: onProject(() => inputsOf(state)),
    state: Effect.fnUntraced(function* (service) {
      yield* servicesOf(yield* project, [service])
      return (yield* views).filter((container) => container.service === service)
    }),
    logs: Effect.fnUntraced(function* (service, { since = 0, tail } = {}) {
      yield* servicesOf(yield* project, [service])
      return containersOf(state, service)
        .flatMap(({ log }) => {
          const lines = log.filter(({ at }) => at >= since)
          return tail === undefined ? lines : tail === 0 ? [] : lines.slice(-tail)
        })
        .sort((a, b) => a.at - b.at)
    }),
    directories: (service, paths) =>
      Effect.map(running(state, service), (container) => paths.map((path) => factsOf(state, container, path))),
    test: Effect.fnUntraced(function* (service, [program = "", ...args], { user } = {}) {
      const command: Command.Command = { program, args, ...(user === undefined ? {} : { user }) }
      const { target } = yield* running(state, service)
      return yield* target.operations.run(command).pipe(
        Effect.as(true),
        Effect.catchTag("CommandFailed", () => Effect.succeed(false))
      )
    }),
    takenPorts: (ports) =>
      onProject(() =>
        ports.flatMap((port) => {
          const owner = state.ports.get(port)
          return owner === undefined ? [] : [{ port, owner }]
        })
      ),
    freeSpace: () => onEngine(() => state.engine.freeMiB)
  }
}
