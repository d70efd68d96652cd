/**
 * What a killed run has left in the engine. Its clients end with it; a command in a container does not, and a container
 * whose client was killed before it could start it stays for good.
 */
import { Command, type Leftovers, type Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import { attemptLabel } from "./attemptMarks.ts"
import { linesOf } from "./classify.ts"
import { quietly } from "./cli.ts"
import { endIn } from "./ending.ts"
import { isOneOffName } from "./oneOffName.ts"
import type { Facts } from "./probe.ts"

interface Left {
  readonly id: string
  readonly name: string
  readonly state: string
  readonly oneOff: boolean
  readonly attempt: string
}

const columns = [
  "{{.ID}}",
  "{{.Names}}",
  "{{.State}}",
  '{{.Label "com.docker.compose.oneoff"}}',
  `{{.Label "${attemptLabel}"}}`
]

const leftIn = (line: string): Left => {
  const [id = "", name = "", state = "", oneOff = "", attempt = ""] = line.split("\t")
  return { id, name, state, oneOff: oneOff === "True", attempt }
}

/**
 * Which programs run on the machine. Where the first process cannot be seen, others cannot be either: then it is not
 * known whether somebody waits for a container.
 */
const clients = (machine: Target.Operations): Effect.Effect<ReadonlyArray<string> | undefined, Target.RunError> =>
  Effect.map(machine.run(Command.make("ps", ["-A", "-ww", "-o", "pid=", "-o", "args="])), ({ stdout }) => {
    const lines = linesOf(stdout)
    return lines.some((line) => /^\s*1\s/.test(line)) ? lines : undefined
  })

/** Ends what attempts in flight have left at work, and takes away what never started and has lost its client. */
export const clearing = (machine: Target.Operations, facts: Facts): Leftovers.Clearing => {
  const docker = (...args: ReadonlyArray<string>) => machine.run(Command.make("docker", args))

  const remove = ({ id, name, state }: Left) =>
    docker("rm", "--force", id).pipe(
      Effect.as(
        `removed container ${name}: ${
          state === "created" ? "it was made for a command, and never started" : "an interrupted run was at work in it"
        }`
      ),
      Effect.catch((error) =>
        // It was about to go by itself.
        error._tag === "CommandFailed" && /no such container|already in progress/i.test(error.stderr)
          ? Effect.succeed(`container ${name} of an interrupted run has gone`)
          : Effect.succeed(
              `container ${name}, in which an interrupted run was at work, could not be removed: ${error.message}`
            )
      )
    )

  const end = Effect.fnUntraced(function* (container: Left, attempts: ReadonlyArray<string>) {
    const ended = yield* endIn(machine, ["exec"], container.id, attempts)
    if (ended === 0) return []
    return [`ended ${ended} process${ended === 1 ? "" : "es"} of an interrupted run in ${container.name}`]
  })

  return (attempts) =>
    Effect.gen(function* () {
      const { name } = yield* facts.config
      const filter = `label=com.docker.compose.project=${name}`
      const { stdout } = yield* docker("ps", "--all", "--filter", filter, "--format", columns.join("\t"))
      const containers = linesOf(stdout).map(leftIn)
      const isAtWork = ({ attempt, oneOff }: Left) => oneOff && attempts.includes(attempt)
      const unstarted = containers.filter((one) => one.state === "created" && isOneOffName(one.name) && !isAtWork(one))
      const programs = unstarted.length === 0 ? undefined : yield* clients(machine)
      const left = unstarted.filter((one) => programs?.every((line) => !line.includes(one.name)) === true)
      const removed = yield* Effect.forEach([...containers.filter(isAtWork), ...left], remove)
      if (attempts.length === 0) return removed
      const running = containers.filter(({ oneOff, state }) => !oneOff && state === "running")
      const ended = yield* Effect.forEach(running, (container) => end(container, attempts), { concurrency: 4 })
      return [...removed, ...ended.flat()]
    }).pipe(
      quietly,
      // What keeps it from looking keeps the checks from it, too, and they say it better.
      Effect.catch((error) => Effect.as(Effect.logDebug(`could not look for leftovers: ${error.message}`), []))
    )
}
