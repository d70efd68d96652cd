import type { Deployment } from "../../Deployment.ts"
import type { Seen } from "./reporting.ts"
import type { Surface } from "./surface.ts"

/** What a command acts on, and where. */
export interface Context {
  readonly deployment: Deployment.Any
  readonly environment: string
  /** The folder of the deployment's file: relative paths start there, wherever a person stands. */
  readonly home: string
  readonly surface: Surface
  readonly seen: Seen
}
