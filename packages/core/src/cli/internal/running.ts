import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import type { Deployment } from "../../Deployment.ts"
import * as Event from "../../Event.ts"
import * as ExitCode from "../../ExitCode.ts"
import type * as Failure from "../../Failure.ts"
import * as Plan from "../../Plan.ts"
import * as Policy from "../../Policy.ts"
import * as Run from "../../Run.ts"
import { isInOrder } from "../../reporter/Plan.ts"
import type { Reporter } from "../../reporter/Reporter.ts"
import type { Request, Selection } from "./arguments.ts"
import { sourcesOf } from "./environment.ts"
import { reporterFor, reporting, type Seen } from "./reporting.ts"
import type { Surface } from "./surface.ts"
import { usage } from "./usage.ts"

/** What a command acts on, and where. */
export interface Context {
  readonly deployment: Deployment.Any
  readonly environment: string
  readonly surface: Surface
  readonly seen: Seen
}

type Of<Command extends Request["command"]> = Extract<Request, { readonly command: Command }>

const encodePlan = Schema.encodeSync(Schema.fromJsonString(Plan.Plan))

/** Checks what can be checked before the deployment is opened, and opens it. */
const open = Effect.fnUntraced(function* ({ deployment, environment, surface }: Context, selection: Selection) {
  const { concurrency, inputFiles, fresh, inputs, only, skip } = selection
  if (concurrency !== undefined && !/^[1-9]\d{0,5}$/.test(concurrency)) {
    return yield* usage(
      `--concurrency cannot be “${concurrency}”`,
      "say how many steps run at a time: a whole number from 1"
    )
  }
  const both = only.filter((id) => skip.includes(id))
  if (both.length > 0) {
    return yield* usage(
      `--only and --skip both name ${both.map((id) => `“${id}”`).join(", ")}`,
      "name a step in one of them"
    )
  }
  const { directory, env } = surface
  return yield* Run.open(deployment, {
    environment,
    strategy: fresh ? "fresh" : "update",
    inputs: yield* sourcesOf({ deployment, directory, env, inputFiles, inputs }),
    ...(only.length === 0 ? {} : { only }),
    skip,
    ...(concurrency === undefined ? {} : { concurrency: Number(concurrency) })
  })
})

const checkReporter = ({ json, reporter }: Selection) =>
  json && reporter !== undefined && reporter !== "ndjson"
    ? Effect.fail(usage(`--json and --reporter ${reporter} contradict each other`, "leave one of them out"))
    : Effect.void

/** Shows the events of an effect, and leaves the terminal as it was, however it ends. */
const shown = <A, E, R>(
  { seen, surface }: Context,
  selection: Selection & { readonly verbose: boolean },
  use: (reporter: Reporter) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    const name = reporterFor(surface, selection.json ? "ndjson" : selection.reporter)
    const reporter = reporting(surface, name, selection.verbose, seen)
    seen.note = reporter.note
    return use(reporter).pipe(
      Effect.provideService(Event.CurrentSink, reporter.sink),
      Effect.ensuring(
        Effect.sync(() => {
          seen.note = undefined
          reporter.close()
        })
      )
    )
  })

/** Looks: with `--json` the plan is all that is printed, else events are shown as they come. */
const looked = Effect.fnUntraced(function* (
  context: Context,
  request: Of<"plan"> | Of<"verify">,
  look: (session: Run.Session<unknown, unknown>) => Effect.Effect<Plan.Plan, unknown>
) {
  yield* checkReporter(request)
  const looking = Effect.scoped(Effect.flatMap(open(context, request), look))
  if (!request.json) return yield* shown(context, request, () => looking)
  const plan = yield* looking
  context.surface.out(`${encodePlan(plan)}\n`)
  return plan
})

export const planCommand = Effect.fnUntraced(function* (context: Context, request: Of<"plan">) {
  const plan = yield* looked(context, request, (session) => session.plan)
  // What apply would refuse is no plan to be approved.
  const refused = Policy.destructive(plan.environment, { data: plan.data }, plan.steps)
  if (refused !== undefined) return request.json ? ExitCode.refused : yield* refused
  if (plan.summary.blocked > 0) return ExitCode.failed
  return request.detailedExitcode && !Plan.isEmpty(plan) ? ExitCode.changesPending : ExitCode.succeeded
})

export const verifyCommand = Effect.fnUntraced(function* (context: Context, request: Of<"verify">) {
  const plan = yield* looked(context, request, (session) => session.verify)
  return plan.steps.every(isInOrder) ? ExitCode.succeeded : ExitCode.failed
})

export const applyCommand = Effect.fnUntraced(function* (context: Context, request: Of<"apply">) {
  yield* checkReporter(request)
  const { surface } = context
  if (!request.yes && (request.json || !surface.interactive)) {
    return yield* usage(
      "apply needs approval, and there is nobody to ask",
      "say --yes to apply without asking, or run it in a terminal"
    )
  }
  return yield* shown(context, request, (reporter) =>
    Effect.gen(function* () {
      const session = yield* open(context, request)
      const approved = request.yes ? undefined : yield* session.plan
      if (approved !== undefined) {
        reporter.close()
        if (Plan.isEmpty(approved)) {
          surface.out("nothing to do\n")
          return ExitCode.succeeded
        }
        if (!(yield* approval(approved, surface))) {
          surface.out("not approved: nothing has been applied\n")
          return ExitCode.failed
        }
      }
      const exit = yield* Effect.exit(session.apply(approved === undefined ? {} : { approved }))
      if (Exit.isSuccess(exit)) return ExitCode.succeeded
      // A run that has failed has been told in full by its events; anything else is told like any refusal.
      return context.seen.outcome === "failed"
        ? ExitCode.of(Cause.squash(exit.cause))
        : yield* Effect.failCause(exit.cause)
    }).pipe(Effect.scoped)
  )
})

/** Asks a person. What may lose data is approved by typing the environment's name. */
const approval = (plan: Plan.Plan, { ask, out }: Surface): Effect.Effect<boolean> =>
  Effect.gen(function* () {
    const losing = plan.steps.filter(
      (step) => step.action !== "none" && (step.risk === "destructive" || step.risk === "acknowledged")
    )
    const { apply, blocked, deferred } = plan.summary
    const what = `${apply + deferred} ${apply + deferred === 1 ? "step" : "steps"}`
    if (blocked > 0) out(`The run will stop at the first of the blocked steps (${blocked}).\n`)
    const question =
      losing.length === 0
        ? `Apply ${what} to ${plan.environment}? [y/N] `
        : `${losing.map((step) => `“${step.id}”`).join(", ")} may destroy data. Type ${plan.environment} to apply ${what}: `
    const answer = yield* Effect.promise((signal) => ask(question, signal))
    out("\n")
    return losing.length === 0 ? /^y(es)?$/i.test(answer?.trim() ?? "") : answer?.trim() === plan.environment
  })

/** The one event of a run that was refused before it could start. */
export const refusedEvent = (failure: Failure.Report): Event.Event => ({
  _tag: "RunFinished",
  at: Date.now(),
  outcome: "refused",
  counts: { satisfied: 0, applied: 0, failed: 0, notRun: 0, undone: 0, skipped: 0, optionalFailed: 0 },
  durationMs: 0,
  failure
})
