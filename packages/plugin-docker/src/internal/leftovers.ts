/**
 * What a killed run has left in the engine. Its clients end with it; a command in a container does not, and a container
 * whose client was killed before it could start it stays for good.
 */
import { Command, type Leftovers, type Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import type { EngineError, ProjectError } from "../DockerError.ts"
import { attemptLabel, isLabelOf } from "./attemptMarks.ts"
import { engineError, linesOf } from "./classify.ts"
import { quietly } from "./cli.ts"
import { endIn } from "./ending.ts"
import { isOneOffName } from "./oneOffName.ts"

interface Container {
  readonly id: string
  readonly name: string
  readonly state: string
  readonly project: string
  readonly oneOff: boolean
  readonly attempt: string
}

const labelled = "com.docker.compose.project"

const columns = [
  "{{.ID}}",
  "{{.Names}}",
  "{{.State}}",
  `{{.Label "${labelled}"}}`,
  '{{.Label "com.docker.compose.oneoff"}}',
  `{{.Label "${attemptLabel}"}}`
]

const containerIn = (line: string): Container => {
  const [id = "", name = "", state = "", project = "", oneOff = "", attempt = ""] = line.split("\t")
  return { id, name, state, project, oneOff: oneOff === "True", attempt }
}

const plural = (count: number): string => `${count} process${count === 1 ? "" : "es"}`

/** What the engine is asked and told. It may hang: then so would the run, which has the lock. */
const makeEngine = (machine: Target.Operations) => {
  const docker = (timeout: "15 seconds" | "1 minute", ...args: ReadonlyArray<string>) =>
    Effect.mapError(machine.run(Command.make("docker", args, { timeout })), engineError)
  return {
    containers: docker(
      "15 seconds",
      "ps",
      "--all",
      "--filter",
      `label=${labelled}`,
      "--format",
      columns.join("\t")
    ).pipe(Effect.map(({ stdout }) => linesOf(stdout).map(containerIn))),
    remove: (...args: ReadonlyArray<string>) =>
      docker("1 minute", "rm", ...args).pipe(
        Effect.catchIf(
          // It was about to go by itself.
          ({ message }) => /no such container|already in progress/i.test(message),
          () => Effect.void
        ),
        Effect.asVoid
      )
  }
}

type Engine = ReturnType<typeof makeEngine>

/** Takes away a container that was made for an attempt, whatever it is at. */
const removed = (engine: Engine, { id, name }: Container): Effect.Effect<string> =>
  Effect.match(engine.remove("--force", id), {
    onSuccess: () => `removed container ${name}, which was made for an interrupted run's command`,
    onFailure: ({ message }) =>
      `container ${name}, which was made for an interrupted run's command, could not be removed: ${message}`
  })

/** What has gone on in a container that others use, too. */
const endedIn = (machine: Target.Operations, { id, name }: Container, { keys, run }: Leftovers.InFlight) =>
  Effect.map(endIn(machine, ["exec"], id, { before: run, marks: keys }), ({ ended, left, trouble }) => [
    ...(ended === 0 ? [] : [`ended ${plural(ended)} of an interrupted run in ${name}`]),
    ...(left === 0
      ? []
      : [
          `${plural(left)} of an interrupted run may go on in ${name}: PostgreSQL would take the end for its own crash`
        ]),
    ...(trouble === undefined ? [] : [`could not look for what an interrupted run has left in ${name}: ${trouble}`])
  ])

/**
 * Which programs run on the machine. Where the first process cannot be seen, others cannot be either: then it is not
 * known whether somebody waits for a container.
 */
const programs = (machine: Target.Operations): Effect.Effect<ReadonlyArray<string> | undefined> =>
  machine.run(Command.make("ps", ["-A", "-ww", "-o", "pid=", "-o", "args="], { timeout: "15 seconds" })).pipe(
    Effect.map(({ stdout }) => linesOf(stdout)),
    Effect.map((lines) => (lines.some((line) => /^\s*1\s/.test(line)) ? lines : undefined)),
    Effect.catch((error) =>
      Effect.as(Effect.logDebug(`could not list the programs that run: ${error.message}`), undefined)
    )
  )

/**
 * Takes away what never started and has lost its client: looking makes containers, too, and has no key. Not by force: one
 * that starts now has a client that could not be seen.
 */
const unstartedRemoved = Effect.fnUntraced(function* (
  machine: Target.Operations,
  engine: Engine,
  containers: ReadonlyArray<Container>
) {
  const unstarted = containers.filter(({ name, state }) => state === "created" && isOneOffName(name))
  const running = unstarted.length === 0 ? undefined : yield* programs(machine)
  const left = unstarted.filter(({ name }) => running?.every((line) => !line.includes(name)) === true)
  const said = yield* Effect.forEach(left, ({ id, name }) =>
    engine.remove(id).pipe(
      Effect.as([`removed container ${name}, which was made for a command and never started`]),
      Effect.catch(({ message }) => Effect.as(Effect.logDebug(`left container ${name} alone: ${message}`), []))
    )
  )
  return said.flat()
})

/** Ends what attempts in flight have left at work, and takes away what never started. */
export const clearing = (
  machine: Target.Operations,
  project: Effect.Effect<string, EngineError | ProjectError>
): Leftovers.Clearing => {
  const engine = makeEngine(machine)
  return (inFlight) => {
    const said: Array<string> = []
    return Effect.gen(function* () {
      const containers = yield* engine.containers
      const made = containers.filter(({ attempt }) => isLabelOf(attempt, inFlight.keys, inFlight.run))
      for (const one of made) said.push(yield* removed(engine, one))
      const name = yield* project
      const own = containers.filter((one) => one.project === name && !made.includes(one))
      const up = own.filter(({ oneOff, state }) => !oneOff && (state === "running" || state === "paused"))
      const ended = yield* Effect.forEach(inFlight.keys.length === 0 ? [] : up, (c) => endedIn(machine, c, inFlight), {
        concurrency: 4
      })
      said.push(...ended.flat(), ...(yield* unstartedRemoved(machine, engine, own)))
    }).pipe(
      quietly,
      Effect.catch(({ message }) =>
        Effect.sync(() => {
          if (inFlight.keys.length > 0) said.push(`could not look for what an interrupted run has left: ${message}`)
        })
      ),
      Effect.as(said)
    )
  }
}
