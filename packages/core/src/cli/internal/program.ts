import { dirname, resolve } from "node:path"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type { Deployment } from "../../Deployment.ts"
import * as ExitCode from "../../ExitCode.ts"
import * as Failure from "../../Failure.ts"
import { failureText } from "../../reporter/Failure.ts"
import * as Secrets from "../../Secrets.ts"
import { parse } from "./arguments.ts"
import { endEvent } from "./changing.ts"
import { applyCommand } from "./commands/apply.ts"
import { historyCommand } from "./commands/history.ts"
import { planCommand } from "./commands/plan.ts"
import { resumeCommand } from "./commands/resume.ts"
import { rollbackCommand } from "./commands/rollback.ts"
import { statusCommand } from "./commands/status.ts"
import { unlockCommand } from "./commands/unlock.ts"
import { verifyCommand } from "./commands/verify.ts"
import type { Context } from "./context.ts"
import { environmentOf } from "./environment.ts"
import { graphText } from "./graph.ts"
import { defaultFile, load } from "./load.ts"
import { readPlan } from "./planFile.ts"
import type { Seen } from "./reporting.ts"
import type { Common, Of, PluginRequest, Request } from "./request.ts"
import { stepsText } from "./steps.ts"
import type { Surface } from "./surface.ts"
import { colorOf } from "./surface.ts"
import { usage } from "./usage.ts"

/** The program as it was started. */
export interface Start {
  readonly args: ReadonlyArray<string>
  /** How a person starts it. */
  readonly program: string
  readonly version: string
  readonly surface: Surface
  /** The deployment and the folder of its file, where the program is that file. */
  readonly own?: { readonly deployment: Deployment.Any; readonly home: string }
  readonly seen: Seen
}

/** Runs the program to its exit code. It fails only by interruption. */
export const program = (start: Start): Effect.Effect<number> =>
  Effect.suspend(() => {
    const secrets = Secrets.make()
    let asked: Request | undefined
    return Effect.gen(function* () {
      const { args, program, surface, version } = start
      const { directory } = surface
      const parsed = yield* parse(args, { program, version, directory, color: surface.color.out })
      if (parsed._tag === "Text") {
        surface.out(`${parsed.text}\n`)
        return ExitCode.succeeded
      }
      if (parsed._tag === "Plugin") return yield* pluginCommand(surface, parsed.request)
      asked = parsed.request
      return yield* answer(start, coloured(surface, asked.color), asked)
    }).pipe(
      Effect.provideService(Secrets.Current, secrets),
      Effect.catchCause((cause) =>
        Cause.hasInterruptsOnly(cause) ? Effect.interrupt : Effect.sync(() => refuse(start, asked, cause, secrets))
      )
    )
  })

const coloured = (surface: Surface, flag: Common["color"]): Surface => ({
  ...surface,
  color: { out: flag ?? surface.color.out, err: flag ?? surface.color.err }
})

const answer = Effect.fnUntraced(function* (start: Start, surface: Surface, request: Request) {
  if (start.own !== undefined && request.file !== undefined) {
    return yield* usage("--file has no meaning here: this program is the deployment", "leave --file out")
  }
  const deployment = start.own?.deployment ?? (yield* load(surface.directory, request.file))
  const home = start.own?.home ?? dirname(resolve(surface.directory, request.file ?? defaultFile))
  const saved =
    "plan" in request && request.plan !== undefined ? yield* readPlan(surface.directory, request.plan) : undefined
  // What the plugins offer is asked for before there is anything to choose.
  const env = request.env ?? saved?.plan.environment ?? (request.command === "steps" ? deployment.names[0] : undefined)
  const environment = yield* environmentOf(deployment, env)
  const context: Context = { deployment, environment, home, surface, seen: start.seen }
  switch (request.command) {
    case "plan":
      return yield* planCommand(context, request)
    case "apply":
      return yield* applyCommand(context, request, saved)
    case "verify":
      return yield* verifyCommand(context, request)
    case "resume":
      return yield* resumeCommand(context, request)
    case "rollback":
      return yield* rollbackCommand(context, request, saved)
    case "status":
      return yield* statusCommand(context, request)
    case "history":
      return yield* historyCommand(context, request)
    case "unlock":
      return yield* unlockCommand(context, request)
    case "graph":
    case "steps":
      return yield* describe(context, request)
  }
})

/** A plugin's own command: it needs no deployment. */
const pluginCommand = (
  surface: Surface,
  { color, command, flags, operands, verbose }: PluginRequest
): Effect.Effect<number, unknown> =>
  command.run({ flags, operands, terminal: { ...coloured(surface, color), verbose } })

/** What looks at the definition only. */
const describe = Effect.fnUntraced(function* (
  { deployment, environment, surface }: Context,
  request: Of<"graph"> | Of<"steps">
) {
  const text =
    request.command === "graph"
      ? graphText(deployment, environment)
      : yield* stepsText(deployment.blueprint(environment).plugins, request, surface)
  surface.out(`${text}\n`)
  return ExitCode.succeeded
})

/** Commands whose output is events. */
const runs: ReadonlyArray<string> = ["apply", "resume", "rollback"]

/** Says why nothing was run: to a person on standard error, and with --json to a program on standard output. */
const refuse = (
  { args, seen, surface }: Start,
  asked: Request | undefined,
  cause: Cause.Cause<unknown>,
  secrets: Secrets.Registry
): number => {
  const error = Cause.squash(cause)
  const failure = Secrets.maskDeep(secrets, Failure.report(error))
  const verbose = asked?.verbose ?? args.includes("--verbose")
  const json = asked === undefined ? args.includes("--json") : "json" in asked && asked.json
  if (json && seen.outcome === undefined) {
    const applying = runs.some((run) => (asked === undefined ? args.includes(run) : asked.command === run))
    surface.out(`${JSON.stringify(applying ? endEvent("refused", failure) : { failure })}\n`)
  }
  const color = colorOf(asked?.color, surface.env, surface.color.err)
  surface.err(`${failureText(failure, { color, verbose, width: surface.width() })}\n`)
  if (verbose) surface.err(`\n${secrets.mask(Cause.pretty(cause))}\n`)
  return ExitCode.of(error)
}
