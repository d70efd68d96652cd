/**
 * Who runs a deployment, and which revision of it.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * Who runs, and from where.
 *
 * @example
 * ```ts
 * import { Actor } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Schema from "effect/Schema"
 *
 * assert.equal(Schema.decodeUnknownSync(Actor.Actor)({ user: "ada", host: "ci-7", pid: 4711 }).user, "ada")
 * ```
 *
 * @since 0.1.0
 */
export const Actor = Schema.Struct({ user: Schema.String, host: Schema.String, pid: Schema.Int })

/**
 * The type of {@link Actor:var}.
 *
 * @since 0.1.0
 */
export interface Actor extends Schema.Schema.Type<typeof Actor> {}

/**
 * The revision of the repository that was deployed, and whether files differed from it.
 *
 * @example
 * ```ts
 * import { Actor } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Schema from "effect/Schema"
 *
 * assert.equal(Schema.decodeUnknownSync(Actor.Revision)({ commit: "3f2a1c9", dirty: false }).dirty, false)
 * ```
 *
 * @since 0.1.0
 */
export const Revision = Schema.Struct({ commit: Schema.String, dirty: Schema.Boolean })

/**
 * The type of {@link Revision:var}.
 *
 * @since 0.1.0
 */
export interface Revision extends Schema.Schema.Type<typeof Revision> {}
