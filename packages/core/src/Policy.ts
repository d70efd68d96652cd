/**
 * What is refused, whatever types were bypassed: nothing has changed when one of these errors comes.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import type { Environment } from "./Deployment.ts"
import * as Failure from "./Failure.ts"
import type { PlannedStep, Strategy } from "./Plan.ts"

/**
 * A fresh start where the data is precious.
 *
 * @since 0.1.0
 */
export class FreshRefused extends Schema.TaggedError<FreshRefused>()("FreshRefused", {
  ...Failure.fields("policy.fresh-on-precious-data"),
  environment: Schema.String
}) {}

/**
 * A step that may lose precious data, and that nobody has acknowledged.
 *
 * @since 0.1.0
 */
export class DestructiveRefused extends Schema.TaggedError<DestructiveRefused>()("DestructiveRefused", {
  ...Failure.fields("policy.destructive-on-precious-data"),
  environment: Schema.String,
  steps: Schema.Array(Schema.String)
}) {}

/**
 * The refusal of a fresh start, if the environment's data is precious.
 *
 * @example
 * ```ts
 * import { Policy } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * assert.equal(Policy.fresh("production", { data: "precious" }, "fresh")?.code, "policy.fresh-on-precious-data")
 * assert.equal(Policy.fresh("staging", { data: "disposable" }, "fresh"), undefined)
 * ```
 *
 * @since 0.1.0
 */
export const fresh = (name: string, environment: Environment, strategy: Strategy): FreshRefused | undefined =>
  strategy === "fresh" && environment.data !== "disposable"
    ? new FreshRefused({
        environment: name,
        message: `a fresh start would lose the data of “${name}”, which is precious`,
        hint: `leave out --fresh: an update keeps the data; or declare the data of “${name}” disposable if it is`
      })
    : undefined

/**
 * The refusal of destructive steps, if the environment's data is precious.
 *
 * @example
 * ```ts
 * import { Policy } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * const drop = { id: "drop-legacy", action: "apply", risk: "destructive" } as const
 * assert.deepEqual(Policy.destructive("production", { data: "precious" }, [drop])?.steps, ["drop-legacy"])
 * ```
 *
 * @since 0.1.0
 */
export const destructive = (
  name: string,
  environment: Environment,
  steps: ReadonlyArray<Pick<PlannedStep, "id" | "action" | "risk">>
): DestructiveRefused | undefined => {
  if (environment.data === "disposable") return undefined
  const found = steps.filter((step) => step.action !== "none" && step.risk === "destructive").map((step) => step.id)
  return found.length === 0
    ? undefined
    : new DestructiveRefused({
        environment: name,
        steps: found,
        message: `“${name}” holds precious data, and ${found.map((id) => `“${id}”`).join(", ")} may lose it`,
        hint: "wrap the step in acknowledge(step, { reason, approvedBy }), or in onFresh(step)"
      })
}
