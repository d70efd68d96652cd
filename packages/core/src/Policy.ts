/**
 * What is refused, whatever types were bypassed: nothing has changed when one of these errors comes.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import type { Environment } from "./Deployment.ts"
import * as Failure from "./Failure.ts"
import type { PlannedStep, Strategy } from "./Plan.ts"
import * as Risk from "./Risk.ts"

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

/**
 * A step would change precious data, or its schema, and no backup is taken and verified before it.
 *
 * @since 0.1.0
 */
export class BackupRequired extends Schema.TaggedError<BackupRequired>()("BackupRequired", {
  ...Failure.fields("policy.backup-required"),
  environment: Schema.String,
  step: Schema.String
}) {}

/**
 * The error for a step that would change precious data without a backup.
 *
 * @example
 * ```ts
 * import { Policy } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * assert.equal(Policy.backupRequired("production", "migrate").code, "policy.backup-required")
 * ```
 *
 * @since 0.1.0
 */
export const backupRequired = (environment: string, step: string): BackupRequired =>
  new BackupRequired({
    environment,
    step,
    message: `“${environment}” holds precious data, and “${step}” would change it or its schema without a verified backup before it`,
    hint: "let a backup step stand before it, such as Postgres.backup, and do not leave it out of the run"
  })

/**
 * Whether applying a step changes data or the schema that holds it: where its type does not say, a risk above `additive`
 * counts; what may lose data always does.
 *
 * @example
 * ```ts
 * import { Policy } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * assert.equal(Policy.altersData({ risk: "additive", alters: "schema" }), true)
 * assert.equal(Policy.altersData({ risk: "reversible", alters: "none" }), false)
 * assert.equal(Policy.altersData({ risk: "reversible" }), true)
 * ```
 *
 * @since 0.1.0
 */
export const altersData = ({ alters, risk }: Pick<PlannedStep, "alters" | "risk">): boolean =>
  alters === undefined || alters === "none" ? Risk.isAbove(risk, alters === "none" ? "reversible" : "additive") : true
