import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type { Deployment } from "../../Deployment.ts"
import * as ExitCode from "../../ExitCode.ts"
import * as Failure from "../../Failure.ts"
import { failureText } from "../../reporter/Failure.ts"
import * as Secrets from "../../Secrets.ts"
import { type Common, parse, type Request } from "./arguments.ts"
import { environmentOf } from "./environment.ts"
import { graphText } from "./graph.ts"
import { load } from "./load.ts"
import type { Seen } from "./reporting.ts"
import { applyCommand, type Context, planCommand, refusedEvent, verifyCommand } from "./running.ts"
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
  /** The deployment, where the program is the deployment's own file. */
  readonly deployment?: Deployment.Any
  readonly seen: Seen
}

/** Runs the program to its exit code. It fails only by interruption. */
export const program = (start: Start): Effect.Effect<number> =>
  Effect.suspend(() => {
    const secrets = Secrets.make()
    let asked: Request | undefined
    return Effect.gen(function* () {
      const { args, program, surface, version } = start
      const parsed = yield* parse(args, { program, version, color: surface.color.out })
      if (parsed._tag === "Text") {
        surface.out(`${parsed.text}\n`)
        return ExitCode.succeeded
      }
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
  if (start.deployment !== undefined && request.file !== undefined) {
    return yield* usage("--file has no meaning here: this program is the deployment", "leave --file out")
  }
  const deployment = start.deployment ?? (yield* load(surface.directory, request.file))
  // What the plugins offer is asked for before there is anything to choose.
  const env = request.env ?? (request.command === "steps" ? deployment.names[0] : undefined)
  const environment = yield* environmentOf(deployment, env)
  const context: Context = { deployment, environment, surface, seen: start.seen }
  switch (request.command) {
    case "plan":
      return yield* planCommand(context, request)
    case "apply":
      return yield* applyCommand(context, request)
    case "verify":
      return yield* verifyCommand(context, request)
    case "graph":
      surface.out(`${graphText(deployment, environment)}\n`)
      return ExitCode.succeeded
    case "steps":
      surface.out(`${yield* stepsText(deployment.blueprint(environment).plugins, request, surface)}\n`)
      return ExitCode.succeeded
  }
})

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
    const applying = asked === undefined ? args.includes("apply") : asked.command === "apply"
    surface.out(`${JSON.stringify(applying ? refusedEvent(failure) : { failure })}\n`)
  }
  const color = colorOf(asked?.color, surface.env, surface.color.err)
  surface.err(`${failureText(failure, { color, verbose, width: surface.width() })}\n`)
  if (verbose) surface.err(`\n${secrets.mask(Cause.pretty(cause))}\n`)
  return ExitCode.of(error)
}
