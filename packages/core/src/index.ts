/**
 * Deployments as typed, idempotent steps.
 *
 * @since 0.1.0
 */
export * as Access from "./Access.ts"
export * as Check from "./Check.ts"
export * as Command from "./Command.ts"
export { acknowledge, onFresh, optional, parallel } from "./Composition.ts"
export { defineDeployment } from "./Deployment.ts"
export * as Deployment from "./Deployment.ts"
export * as Dotenv from "./Dotenv.ts"
export * as Event from "./Event.ts"
export * as ExitCode from "./ExitCode.ts"
export * as Failure from "./Failure.ts"
export * as Input from "./Input.ts"
export * as Look from "./Look.ts"
export * as Output from "./Output.ts"
export * as Plan from "./Plan.ts"
export * as Plugin from "./Plugin.ts"
export * as Policy from "./Policy.ts"
export * as Progress from "./Progress.ts"
export * as Resource from "./Resource.ts"
export * as Risk from "./Risk.ts"
export * as Run from "./Run.ts"
export * as RunError from "./RunError.ts"
export * as Secrets from "./Secrets.ts"
export * as Step from "./Step.ts"
export * as Target from "./Target.ts"
