/**
 * Services tagged, in their type, with what they may do: a {@link Probe} only looks, a {@link Control} may change.
 *
 * A step's `check` may require probes and nothing else. The rule is an allow-list: a raw process spawner, file system,
 * SQL or HTTP client carries no tag and is refused like a control.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"

/**
 * The tag a service carries at type level.
 *
 * @since 0.1.0
 */
export interface Tagged<Level extends "read" | "write"> {
  readonly "~shipshape/Access": Level
}

/**
 * A service class whose identifier is tagged with its access level.
 *
 * @since 0.1.0
 */
export interface AccessClass<Self, Id extends string, Shape, Level extends "read" | "write">
  extends Context.Service<Self, Shape> {
  new (_: never): Context.ServiceClass.Shape<Id, Shape> & Tagged<Level>
  readonly key: Id
}

/**
 * Declares a read-only service. What implements it must not change the world: the laws of the test kit check that.
 *
 * @example
 * ```ts
 * import { Access } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * class QueueProbe extends Access.Probe<QueueProbe, {
 *   readonly depth: (queue: string) => Effect.Effect<number>
 * }>()("acme/QueueProbe") {}
 *
 * assert.equal(QueueProbe.key, "acme/QueueProbe")
 * ```
 *
 * @since 0.1.0
 */
export const Probe =
  <Self, Shape>() =>
  <const Id extends string>(id: Id): AccessClass<Self, Id, Shape, "read"> =>
    // The tag exists in types only; there is no value to add for it.
    Context.Service<Self, Shape>()(id) as unknown as AccessClass<Self, Id, Shape, "read">

/**
 * Declares a writing service. Only `apply` may require it.
 *
 * @example
 * ```ts
 * import { Access } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * class QueueControl extends Access.Control<QueueControl, {
 *   readonly purge: (queue: string) => Effect.Effect<void>
 * }>()("acme/QueueControl") {}
 *
 * assert.equal(QueueControl.key, "acme/QueueControl")
 * ```
 *
 * @since 0.1.0
 */
export const Control =
  <Self, Shape>() =>
  <const Id extends string>(id: Id): AccessClass<Self, Id, Shape, "write"> =>
    Context.Service<Self, Shape>()(id) as unknown as AccessClass<Self, Id, Shape, "write">

/**
 * The members of `R` that `check` may not use.
 *
 * @since 0.1.0
 */
export type NotReadable<R> = R extends Tagged<"read"> ? never : R

/**
 * The string key of a service, for error messages.
 *
 * @since 0.1.0
 */
export type KeyOf<R> = R extends { readonly key: infer K extends string } ? K : "an untagged service"
