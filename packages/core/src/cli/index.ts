/**
 * The command line.
 *
 * @since 0.1.0
 */
import type { Deployment } from "../Deployment.ts"

export {
  type CommandGroup,
  command,
  type Flag,
  type FlagValue,
  type Given,
  type Operands,
  type PluginCommand,
  type Terminal
} from "./PluginCommand.ts"

/**
 * Runs the command line of one deployment, and ends the process with its exit code.
 *
 * In a deployment's own file it makes `node deploy.ts plan` work, and leaves the file importable by `shipshape` and by
 * tests: nothing is loaded before it is called.
 *
 * @example
 * ```ts
 * import { Check, defineDeployment, Step } from "@shipshape/core"
 * import { main } from "@shipshape/core/cli"
 * import * as Effect from "effect/Effect"
 *
 * const noop = Step.make("acme.noop", {
 *   description: "Nothing", risk: "additive", input: {}, output: {},
 *   check: () => Effect.succeed(Check.satisfied({})),
 *   apply: () => Effect.void
 * })
 *
 * const deployment = defineDeployment("hello", { environments: { staging: { data: "disposable" } } }, function*() {
 *   yield* noop("nothing", {})
 * })
 * export default deployment
 *
 * if (import.meta.main) await main(deployment)
 * ```
 *
 * @since 0.1.0
 */
export const main = async (deployment: Deployment.Any): Promise<never> => {
  const { runMain } = await import("./internal/runMain.ts")
  return runMain({ deployment })
}
