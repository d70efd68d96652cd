/** One look at the world, and the plan that follows from it. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Schema from "effect/Schema"
import type { Plan, PlannedStep } from "../Plan.ts"
import { digestOf } from "../Proposal.ts"
import { StepsInvalid } from "../RunError.ts"
import * as Secrets from "../Secrets.ts"
import type { Step, StepInputInvalid } from "../Step.ts"
import { canonical, maskJson } from "./canonical.ts"
import type { Emit } from "./emit.ts"
import { type Finding, observe, outputOf } from "./observe.ts"
import type { Opened, Seen } from "./opened.ts"
import type { Past } from "./past.ts"
import { guardPrecious } from "./precious.ts"
import { resolve } from "./resolve.ts"
import { settleWith } from "./settle.ts"

/** Looks at everything, and makes the plan. */
export const see = Effect.fnUntraced(function* <A, E, CheckR, ApplyR>(
  opened: Opened<A, E, CheckR, ApplyR>,
  past: Past,
  emit: Emit
): Effect.fn.Return<Seen<E, CheckR, ApplyR>, StepsInvalid, CheckR> {
  const { environment, inputs, instructions, leftOut, place, steps, strategy, versions } = opened
  const { findings, invalid, values } = yield* observe({
    steps,
    values: opened.values,
    fresh: strategy === "fresh",
    settle: settleWith(place, past, strategy === "fresh"),
    onChecked: (id) => emit({ _tag: "StepChecked", id })
  })
  if (invalid.length > 0) return yield* stepsInvalid(invalid)
  const secrets = yield* Secrets.Current
  const resolved = Secrets.maskDeep(secrets, resolve(instructions, findings, leftOut))
  const taken = new Set(past.unfinished?.proofs.map(({ file }) => file))
  const {
    backups,
    refused,
    steps: planned
  } = environment.data === "precious"
    ? guardPrecious(environment.name, groupsOf(opened), resolved, taken)
    : { backups: new Set<string>(), refused: undefined, steps: resolved }
  const ingredients = {
    plan: planOf(opened, planned),
    inputs,
    versions,
    definition: definitionOf(opened),
    // The plan is not about what is left out; what others use of it stands in their inputs.
    facts: Object.fromEntries(
      [...findings].flatMap(([id, finding]) =>
        leftOut(id) === undefined ? [[id, maskJson(secrets, factOf(finding))]] : []
      )
    )
  }
  const plan: Plan = {
    ...ingredients.plan,
    digest: digestOf(ingredients),
    ...(past.unfinished === undefined ? {} : { interrupted: past.unfinished.interrupted })
  }
  return { ...ingredients, plan, findings, values, backups, refused, past }
})

const groupsOf = <A, E, CheckR, ApplyR>({ instructions }: Opened<A, E, CheckR, ApplyR>) =>
  instructions.map(({ steps }) => steps)

const planOf = <A, E, CheckR, ApplyR>(
  { back, environment, place, strategy }: Opened<A, E, CheckR, ApplyR>,
  steps: ReadonlyArray<PlannedStep>
): Plan => {
  const { onFailure } = environment
  const countOf = (action: PlannedStep["action"]) => steps.filter((step) => step.action === action).length
  return {
    deployment: place.deployment,
    environment: environment.name,
    data: environment.data,
    strategy,
    digest: "",
    steps,
    ...(back === undefined ? {} : { backTo: back.release.number }),
    ...(onFailure === undefined || onFailure === "stop" ? {} : { onFailure }),
    summary: {
      none: countOf("none"),
      apply: countOf("apply"),
      deferred: countOf("deferred"),
      blocked: countOf("blocked")
    }
  }
}

/** How each step stands in the deployment, whatever the world is like. */
const definitionOf = <A, E, CheckR, ApplyR>({
  instructions
}: Opened<A, E, CheckR, ApplyR>): Readonly<Record<string, Schema.Json>> =>
  Object.fromEntries(
    instructions.flatMap(({ steps }, at) =>
      steps.map(({ guard, id, risk, sources, traits, type }) => [
        id,
        canonical({ at, guard, risk, sources: [...sources], traits, type })
      ])
    )
  )

const factOf = <E, CheckR, ApplyR>(finding: Finding<E, CheckR, ApplyR>): Schema.Json => {
  if (finding._tag === "Waiting") return { waitsFor: [...finding.on] }
  if (finding._tag === "NotFresh") return {}
  const output = outputOf(finding)
  return canonical({
    input: finding.prepared.input,
    ...(Option.isSome(output) ? { output: output.value } : {})
  })
}

const stepsInvalid = (problems: ReadonlyArray<StepInputInvalid>): StepsInvalid =>
  new StepsInvalid({
    problems,
    message: problems.map((problem) => problem.message).join("\n"),
    hint: [...new Set(problems.map((problem) => problem.hint))].join("; ")
  })

/** The steps' ids and types, in order; those of one group have its number. */
export const outlineOf = (groups: ReadonlyArray<ReadonlyArray<Step.Any>>) =>
  groups.flatMap((steps, group) => steps.map(({ id, type }) => ({ id, type, ...(steps.length > 1 ? { group } : {}) })))
