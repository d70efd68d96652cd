/** What a plan and a second apply of the EDMS example cost, beside the bare commands that look at the same things. */
import { spawnSync } from "node:child_process"
import * as path from "node:path"
import { type Command, type Deployment, type Plan, Run, Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { make, type Project } from "../examples/edms/test-engine/Project.ts"
import { run, table, time } from "./lib/measure.ts"

/** This machine, with every process that is started on it counted. */
const counting = (started: Array<string>) =>
  Layer.unwrap(
    Effect.map(Target.Target, (target) => {
      const note = (command: Command.Command) => Effect.sync(() => started.push(command.args.join(" ")))
      return Target.layer({
        ...target,
        run: (command) => Effect.andThen(note(command), target.run(command)),
        open: (command) => Effect.andThen(note(command), target.open(command))
      })
    })
  ).pipe(Layer.provide(Target.local()))

/** What a careful script would run to see the same: one command for each question. */
const bare = ({ backend, directory, exec, frontend, name, psql }: Project): ReadonlyArray<() => unknown> => {
  const compose = (...args: ReadonlyArray<string>) =>
    run("docker", ["compose", "-p", name, "-f", "compose.yml", "-f", "compose.staging.yml", ...args], directory)
  const manage = (...args: ReadonlyArray<string>) =>
    compose("run", "--rm", "--no-deps", "-T", "backend", "python3", "manage.py", ...args)
  return [
    () => run("docker", ["version"]),
    () => compose("version"),
    () => compose("config", "--quiet"),
    () => compose("ps", "--all"),
    () => psql("SELECT extname FROM pg_extension"),
    () => manage("migrate", "--check"),
    () => manage("makemigrations", "--check", "--dry-run"),
    () => manage("check"),
    () => manage("collectstatic", "--noinput", "--dry-run"),
    () => psql("SELECT count(*) FROM users_role"),
    () => psql("SELECT username FROM users_user"),
    () => exec("backend", "stat", "/app/storage/documents", "/app/storage/temp"),
    () => run("curl", ["--fail", "--silent", "--output", "/dev/null", `${backend}/health/`]),
    () => run("curl", ["--fail", "--silent", "--output", "/dev/null", `${frontend}/`]),
    () => compose("logs", "--since", "1m")
  ]
}

const runs = 3

export const benchEdms = async (): Promise<void> => {
  if (spawnSync("docker", ["info"]).status !== 0) {
    console.log("\nThe EDMS example: left out, no Docker engine is reachable")
    return
  }
  const project = await make("staging")
  try {
    const first = performance.now()
    const { exitCode, stderr } = await project.apply()
    if (exitCode !== 0) throw new Error(stderr)
    const fromNothing = performance.now() - first

    // What the module is, is known when it runs: the copy is not there when this file is checked.
    const module = (await import(path.join(project.directory, "deploy.ts"))) as {
      readonly default: Deployment.Deployment.Any
    }
    const started: Array<string> = []
    const session = Run.open(module.default, {
      environment: "staging",
      inputs: [{ name: "the benchmark", variables: project.inputs }],
      target: counting(started)
    })
    const plan = Effect.scoped(Effect.flatMap(session, (s) => s.plan))
    // The plugins of a deployment provide all that its steps need: `defineDeployment` has seen to it.
    const once = () => Effect.runPromise(plan as Effect.Effect<Plan.Plan, unknown>)
    const { steps } = await once()
    const processes = started.length
    const planning = await time(runs, once)
    const cliPlan = await time(runs, () => project.cli(["plan"]))
    const cliApply = await time(runs, () => project.apply())
    const script = bare(project)
    const commands = await time(runs, () => {
      for (const command of script) command()
    })
    const x = (ms: number) => `${(ms / commands).toFixed(2)} ×`
    table(
      `The EDMS example, ${steps.length} steps (median of ${runs})`,
      ["what", "ms", "of the commands"],
      [
        ["first apply, from nothing", fromNothing, x(fromNothing)],
        ["plan, in a process that runs", planning, x(planning)],
        ["plan, whole command", cliPlan, x(cliPlan)],
        ["second apply, whole command", cliApply, x(cliApply)],
        [`${script.length} bare commands, one after the other`, commands, x(commands)]
      ]
    )
    table("Processes that one plan starts", ["command", "times"], summaryOf(started.slice(0, processes), processes))
  } finally {
    project.remove()
  }
}

/** Commands by their first words that say something. */
const summaryOf = (commands: ReadonlyArray<string>, all: number): ReadonlyArray<ReadonlyArray<string | number>> => {
  const counts = new Map<string, number>()
  for (const command of commands) {
    const known = /\b(config --format|config --hash|exec|run|logs|inspect|ps|version|info|images?|volume)\b/.exec(
      command
    )
    const word = known?.[1] ?? command.slice(0, 40)
    counts.set(word, (counts.get(word) ?? 0) + 1)
  }
  return [...[...counts].map(([word, count]) => [word, String(count)]), ["all", String(all)]]
}
