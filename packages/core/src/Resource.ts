/**
 * Names of what steps provide, observe and touch: `service:db`, `volume:media`, `image:backend`, `file:/srv/.env`.
 *
 * A plan compares them as strings. They let it say “known after …” where an earlier step brings up what a check lacks,
 * and look again where an earlier step undoes what a check has seen.
 *
 * @since 0.1.0
 */

/**
 * A resource's name: its kind, a colon, and what identifies it.
 *
 * @since 0.1.0
 */
export type Resource = `${string}:${string}`

/**
 * What a check looks at: named resources, or `"*"` for everything the steps before it may change. A check that observes
 * everything is looked at again in a run once any step has been applied, whatever that step touches.
 *
 * @since 0.1.0
 */
export type Observed = ReadonlyArray<Resource> | "*"

/**
 * Whether two lists of resources have one in common.
 *
 * @example
 * ```ts
 * import { Resource } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * assert.equal(Resource.overlaps(["service:db"], ["service:db", "volume:media"]), true)
 * assert.equal(Resource.overlaps(["service:db"], ["image:backend"]), false)
 * ```
 *
 * @since 0.1.0
 */
export const overlaps = (a: ReadonlyArray<Resource>, b: ReadonlyArray<Resource>): boolean =>
  a.some((resource) => b.includes(resource))
