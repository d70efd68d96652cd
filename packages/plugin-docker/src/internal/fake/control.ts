import type { Target } from "@shipshape/core"
import { FakeTarget } from "@shipshape/core/testing"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { ComposeControl } from "../../ComposeControl.ts"
import type { Service } from "../../ComposeProbe.ts"
import { BuildFailed, CommandFailed, DockerFailed, type ProjectError, PullFailed } from "../../DockerError.ts"
import { withDependencies } from "../upDecision.ts"
import { settleMillis } from "../waiting.ts"
import { oneOff } from "./containers.ts"
import { running } from "./probe.ts"
import {
  containersOf,
  digestOf,
  type FakeContainer,
  folder,
  imageOf,
  inputsOf,
  makeFolders,
  presentImage,
  problemOf,
  projectOf,
  removeUnused,
  type State,
  storeImage,
  viewOf,
  volumeName
} from "./state.ts"

const failed = (message: string): DockerFailed =>
  new DockerFailed({ command: "docker compose", message, hint: "look at the fake world", tail: [message] })

/** What is below a mount point lives in the volume. */
const isBelow = (path: string, mount: string): boolean => path === mount || path.startsWith(`${mount}/`)

const mountsOf = (state: State, name: string) =>
  Object.entries(state.services.get(name)?.volumes ?? {}).map(([key, mount]) => ({
    name: volumeName(state, key),
    mount
  }))

/** Volumes keep what the container has written to them. */
const keepVolumes = (state: State, { service, target }: FakeContainer): void => {
  for (const { mount, name } of mountsOf(state, service)) {
    if (!state.volumes.has(name)) continue
    state.volumeFiles.set(name, new Map([...target.files].filter(([path]) => isBelow(path, mount))))
  }
}

const remove = (state: State, container: FakeContainer): void => {
  keepVolumes(state, container)
  state.containers.delete(container.id)
}

const create = (state: State, service: Service, number: number, now: number): void => {
  const image = presentImage(state, service.name)
  const target = FakeTarget.make({
    name: `service ${service.name}`,
    resource: `service:${service.name}`,
    files: image?.files ?? {},
    run: (command) => state.services.get(service.name)?.run?.(command, image?.built ?? {})
  })
  makeFolders(target.files)
  for (const { mount, name } of mountsOf(state, service.name)) {
    if (!target.files.has(mount)) target.files.set(mount, folder)
    state.volumes.add(name)
    for (const [path, entry] of state.volumeFiles.get(name) ?? []) target.files.set(path, entry)
  }
  const id = digestOf([state.project, state.next++])
  state.containers.set(id, {
    id,
    service: service.name,
    image: image?.id ?? "",
    hash: service.hash,
    number,
    target,
    state: "running",
    exitCode: 0,
    startedAt: startedAt(state, service.name, now),
    restartCount: 0,
    log: []
  })
}

/** Makes, replaces and starts the containers of one service. */
const bringUp = Effect.fnUntraced(function* (state: State, service: Service) {
  if (presentImage(state, service.name) === undefined) {
    if (service.buildable) return yield* failed(`Error response from daemon: No such image: ${service.image}`)
    yield* pullImage(state, service.name)
  }
  const now = yield* Clock.currentTimeMillis
  const image = presentImage(state, service.name)?.id
  const isCurrent = (c: FakeContainer) => c.hash === service.hash && c.image === image && c.number <= service.replicas
  for (const container of containersOf(state, service.name)) {
    if (!isCurrent(container)) remove(state, container)
    else if (container.state !== "running") start(state, container, now)
  }
  for (let number = 1; number <= service.replicas; number++) {
    if (!containersOf(state, service.name).some((c) => c.number === number)) create(state, service, number, now)
  }
})

/** One without a health check has run for long enough to be taken for running: virtual time stands still. */
const startedAt = (state: State, service: string, now: number): number =>
  state.services.get(service)?.health === undefined ? now - settleMillis : now

const start = (state: State, container: FakeContainer, now: number): void => {
  container.state = "running"
  container.exitCode = 0
  container.startedAt = startedAt(state, container.service, now)
}

/** As Compose does before it starts what depends on it. */
const awaitHealthy = Effect.fnUntraced(function* (state: State, service: string) {
  while (true) {
    const now = yield* Clock.currentTimeMillis
    const [container] = containersOf(state, service).map(viewOf(state, now))
    if (container === undefined || container.health === undefined || container.health === "healthy") return
    if (container.health === "unhealthy")
      return yield* failed(`dependency failed to start: container ${container.name} is unhealthy`)
    yield* Effect.sleep("500 millis")
  }
})

const pullImage = (state: State, name: string): Effect.Effect<void, PullFailed> =>
  Effect.suspend(() => {
    const reference = imageOf(state, name)
    if (state.failing.pull.has(name)) {
      return Effect.fail(
        new PullFailed({
          services: [name],
          message: `pulling ${reference} failed: manifest unknown`,
          hint: "correct the tag"
        })
      )
    }
    const id = `sha256:${digestOf(reference)}`
    storeImage(state, name, { id, digests: [`${reference.replace(/:[^/]*$/, "")}@${id}`], labels: {} })
    return Effect.void
  })

const buildImage = (state: State, name: string, labels: Readonly<Record<string, string>>) =>
  Effect.suspend(() => {
    if (state.failing.build.has(name)) {
      return Effect.fail(
        new BuildFailed({
          services: [name],
          message: `building ${name} failed: exit code 1`,
          hint: "correct the Dockerfile",
          tail: ["RUN make", "make: *** No targets.  Stop."]
        })
      )
    }
    const inputs = inputsOf(state).get(name)
    storeImage(state, name, { id: `sha256:${digestOf([inputs, labels])}`, digests: [], labels })
    return Effect.void
  })

const runIn = (
  { operations }: FakeTarget.FakeTarget,
  service: string,
  [program = "", ...args]: ReadonlyArray<string>,
  user: string | undefined
): Effect.Effect<void, CommandFailed | Target.CommandNotFound | Target.CommandTimedOut | Target.TargetUnavailable> =>
  operations.run({ program, args, ...(user === undefined ? {} : { user }) }).pipe(
    Effect.catchTag("CommandFailed", ({ command, exitCode, message, tail = [] }) =>
      Effect.fail(new CommandFailed({ service, command, exitCode, message, hint: "read the lines above", tail }))
    ),
    Effect.asVoid
  )

/** The writing side of a fake world. */
export const makeControl = (state: State): ComposeControl["Service"] => {
  /** Every change is noted, once Compose could read the project. */
  const change = <A, E>(what: string, effect: Effect.Effect<A, E>): Effect.Effect<void, E | ProjectError> =>
    Effect.suspend((): Effect.Effect<void, E | ProjectError> => {
      const problem = problemOf(state)
      if (problem !== undefined) return Effect.fail(problem)
      state.log.push(what)
      return Effect.asVoid(effect)
    })
  const each = (services: ReadonlyArray<string>, f: (container: FakeContainer, now: number) => void) =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      for (const container of services.flatMap((name) => containersOf(state, name))) f(container, now)
    })
  return {
    build: (services, { labels }) =>
      change(
        `build ${services.join(" ")}`,
        Effect.forEach(services, (name) => buildImage(state, name, labels[name] ?? {}))
      ),
    pull: (services) =>
      change(
        `pull ${services.join(" ")}`,
        Effect.forEach(services, (name) => pullImage(state, name))
      ),
    tag: (id, reference) =>
      Effect.suspend(() => {
        if (!state.stored.has(id)) return Effect.fail(failed(`Error response from daemon: No such image: ${id}`))
        state.log.push(`tag ${reference}`)
        state.names.set(reference, id)
        return Effect.void
      }),
    untag: (reference) =>
      Effect.sync(() => {
        const id = state.names.get(reference)
        state.log.push(`untag ${reference}`)
        state.names.delete(reference)
        if (id !== undefined) removeUnused(state, [id])
      }),
    up: (names) =>
      change(
        `up ${names.join(" ")}`,
        Effect.gen(function* () {
          const project = projectOf(state)
          const wanted = names.flatMap((name) => project.services[name] ?? [])
          for (const service of withDependencies(project, wanted, "running").keys()) {
            for (const [name, condition] of Object.entries(service.dependsOn)) {
              if (condition === "service_healthy") yield* awaitHealthy(state, name)
            }
            yield* bringUp(state, service)
          }
        }).pipe(Effect.catchTag("PullFailed", (error) => Effect.fail(failed(error.message))))
      ),
    unpause: (services) =>
      change(
        `unpause ${services.join(" ")}`,
        each(services, (container) => {
          container.state = "running"
        })
      ),
    restart: (services) =>
      change(
        `restart ${services.join(" ")}`,
        each(services, (container, now) => start(state, container, now))
      ),
    stop: (services) =>
      change(
        `stop ${services.join(" ")}`,
        each(services, (container) => {
          container.state = "exited"
        })
      ),
    down: change(
      "down",
      Effect.sync(() => [...state.containers.values()].map((container) => remove(state, container)))
    ),
    removeContainers: (ids) =>
      change(
        "remove containers",
        Effect.sync(() => {
          for (const id of ids) {
            const container = state.containers.get(id)
            if (container !== undefined) remove(state, container)
          }
        })
      ),
    removeVolumes: (names) =>
      change(
        `remove volumes ${names.join(" ")}`,
        Effect.sync(() => {
          for (const name of names) {
            state.volumes.delete(name)
            state.volumeFiles.delete(name)
          }
        })
      ),
    run: ({ command, service, user }) =>
      change(
        `run ${service} ${command.join(" ")}`,
        Effect.flatMap(oneOff(state, service), (target) => runIn(target, service, command, user)).pipe(
          Effect.catchTag(["CommandNotFound", "CommandTimedOut"], (error) => Effect.fail(failed(error.message)))
        )
      ),
    exec: ({ command, service, user }) =>
      Effect.flatMap(running(state, service), ({ target }) => {
        state.log.push(`exec ${service} ${command.join(" ")}`)
        return runIn(target, service, command, user)
      }),
    makeDirectories: Effect.fnUntraced(function* (service, paths, ownership) {
      const { target } = yield* running(state, service)
      state.log.push(`make directories in ${service}: ${paths.join(" ")}`)
      for (const path of paths) target.files.set(path, { content: undefined, ...ownership })
      makeFolders(target.files)
    }),
    removeDirectories: Effect.fnUntraced(function* (service, paths) {
      const { files } = service === undefined ? state.machine : (yield* running(state, service)).target
      state.log.push(`remove directories ${service === undefined ? "here" : `in ${service}`}: ${paths.join(" ")}`)
      return paths.filter((path) => {
        const isFull = [...files.keys()].some((one) => one.startsWith(`${path}/`))
        if (!isFull) files.delete(path)
        return isFull
      })
    })
  }
}
