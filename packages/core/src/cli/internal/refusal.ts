import type { Deployment } from "../../Deployment.ts"
import { guardPrecious } from "../../internal/precious.ts"
import type { Plan } from "../../Plan.ts"
import * as Policy from "../../Policy.ts"

/** Why a plan would be refused, were it applied: what apply would refuse is no plan to be approved. */
export const refusalOf = (
  deployment: Deployment.Any,
  { data, environment, steps }: Plan
): Policy.DestructiveRefused | Policy.BackupRequired | undefined => {
  const destructive = Policy.destructive(environment, { data }, steps)
  if (destructive !== undefined || data === "disposable") return destructive
  const groups = deployment.blueprint(environment).instructions.map((instruction) => instruction.steps)
  return guardPrecious(environment, groups, steps, new Set()).refused
}
