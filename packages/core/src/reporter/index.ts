/**
 * Renderers of plans, failures and runs.
 *
 * @since 0.1.0
 */
export { type FailureOptions, failureText } from "./Failure.ts"
export { type GitHubOptions, github } from "./GitHub.ts"
export { ndjson } from "./Ndjson.ts"
export type { TextOptions } from "./Options.ts"
export { plain } from "./Plain.ts"
export { planText } from "./Plan.ts"
export type { Reporter, ReporterOptions } from "./Reporter.ts"
export { type TreeOptions, tree } from "./Tree.ts"
