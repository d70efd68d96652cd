import * as Effect from "effect/Effect"
import type { Deployment } from "../../Deployment.ts"
import type { Proposal } from "../../Proposal.ts"
import { ago } from "../../reporter/internal/figures.ts"
import type { Context } from "./context.ts"
import type { How } from "./opening.ts"
import { usage } from "./usage.ts"

/** Says whether a saved plan is one for this command and environment, and to a person whose and how old it is. */
export const checkSaved = Effect.fnUntraced(function* (
  { environment, surface }: Pick<Context, "environment" | "surface">,
  { at, plan, who }: Proposal,
  { command, json }: { readonly json: boolean; readonly command: "apply" | "rollback" }
) {
  const made = plan.backTo === undefined ? "apply" : "rollback"
  if (made !== command) {
    return yield* usage(
      `the saved plan is that of ${made === "apply" ? "an apply" : "a rollback"}`,
      `say ${made} --plan`
    )
  }
  if (plan.environment !== environment) {
    return yield* usage(
      `the saved plan is one for ${plan.environment}, and --env says ${environment}`,
      "leave --env out: the plan knows its environment"
    )
  }
  if (json) return
  surface.out(`plan ${plan.digest.slice(0, 6)}, made by ${who.user} on ${who.host} ${ago(at, Date.now())}\n\n`)
})

/** The run that a saved plan is of. Steps that are there no longer are told as what has changed since, and not as typing errors. */
export const howOf = (deployment: Deployment.Any, { allowed, only, plan, skip }: Proposal): How => ({
  strategy: plan.strategy,
  ...known(deployment, plan.environment, { only, skip }),
  ...(plan.backTo === undefined ? {} : { rollback: { to: plan.backTo, ...allowed } })
})

/** Those of the steps that the deployment still has. */
export const known = (
  deployment: Deployment.Any,
  environment: string,
  {
    only,
    skip
  }: { readonly only?: ReadonlyArray<string> | undefined; readonly skip?: ReadonlyArray<string> | undefined }
): Pick<How, "only" | "skip"> => {
  const ids = deployment.blueprint(environment).instructions.flatMap(({ steps }) => steps.map(({ id }) => id))
  return {
    ...(only === undefined ? {} : { only: only.filter((id) => ids.includes(id)) }),
    ...(skip === undefined ? {} : { skip: skip.filter((id) => ids.includes(id)) })
  }
}
