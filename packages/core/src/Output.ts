/**
 * A value that a step will produce, or an input that is decoded when a run starts.
 *
 * It is a small value and not a proxy: there is no property access on it, so printing, comparing and editors behave.
 * Use `map` and {@link all} to derive another output.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import type { Redacted } from "effect/Redacted"

const TypeId = "~shipshape/Output"

/**
 * What is known so far: outputs by step id, inputs by `input:NAME`.
 *
 * @since 0.1.0
 */
export type Values = ReadonlyMap<string, unknown>

/**
 * A value known later. `sources` names what it waits for.
 *
 * @since 0.1.0
 */
export interface Output<out A> {
  readonly [TypeId]: typeof TypeId
  readonly sources: ReadonlySet<string>
  readonly resolve: (values: Values) => A
  map<B>(f: (a: A) => B): Output<B>
}

/**
 * Where a value or an output producing it is accepted, at any depth of a plain object or an array.
 *
 * @since 0.1.0
 */
export type OrOutput<A> = A extends
  | Redacted<infer _>
  | RegExp
  | Date
  | Uint8Array
  | ((...args: never) => unknown)
  | string
  | number
  | boolean
  | bigint
  | null
  | undefined
  ? A | Output<A>
  : A extends ReadonlyArray<infer B>
    ? ReadonlyArray<OrOutput<B>> | Output<A>
    : { readonly [K in keyof A]: OrOutput<A[K]> } | Output<A>

/**
 * The value behind outputs at any depth.
 *
 * @since 0.1.0
 */
export type Resolved<A> =
  A extends Output<infer B>
    ? B
    : A extends Redacted<infer _> | RegExp | Date | ((...args: never) => unknown)
      ? A
      : A extends object
        ? { readonly [K in keyof A]: Resolved<A[K]> }
        : A

/**
 * Makes an output from the sources it waits for and a function of what is known.
 *
 * @example
 * ```ts
 * import { Output } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * const port = Output.make(new Set(["db"]), () => 5432)
 * assert.equal(port.map((n) => n + 1).resolve(new Map()), 5433)
 * ```
 *
 * @since 0.1.0
 */
export const make = <A>(sources: ReadonlySet<string>, resolve: (values: Values) => A): Output<A> => ({
  [TypeId]: TypeId,
  sources,
  resolve,
  map: (f) => make(sources, (values) => f(resolve(values)))
})

/**
 * Whether a value is an {@link Output}.
 *
 * @example
 * ```ts
 * import { Output } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * assert.equal(Output.isOutput(Output.succeed(1)), true)
 * assert.equal(Output.isOutput(1), false)
 * ```
 *
 * @since 0.1.0
 */
export const isOutput = (u: unknown): u is Output<unknown> => Predicate.hasProperty(u, TypeId)

/**
 * An output that is known already.
 *
 * @example
 * ```ts
 * import { Output } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * assert.equal(Output.succeed("db").resolve(new Map()), "db")
 * ```
 *
 * @since 0.1.0
 */
export const succeed = <A>(value: A): Output<A> => make(new Set(), () => value)

/**
 * Combines outputs (and plain values) of an object or a tuple into one output.
 *
 * @example
 * ```ts
 * import { Output } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * const address = Output.all({ host: Output.succeed("db"), port: 5432 }).map((a) => `${a.host}:${a.port}`)
 * assert.equal(address.resolve(new Map()), "db:5432")
 * ```
 *
 * @since 0.1.0
 */
export const all = <const A>(values: A): Output<Resolved<A>> =>
  make(sourcesOf(values), (known) => resolve(values, known))

const isPlainObject = (u: unknown): u is Record<string, unknown> =>
  Predicate.isObject(u) && Object.getPrototypeOf(u) === Object.prototype

/**
 * The sources of every output within a value.
 *
 * @example
 * ```ts
 * import { Output } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * const host = Output.make(new Set(["db"]), () => "db")
 * assert.deepEqual([...Output.sourcesOf({ url: [host], port: 1 })], ["db"])
 * ```
 *
 * @since 0.1.0
 */
export const sourcesOf = (value: unknown): ReadonlySet<string> => {
  const found = new Set<string>()
  const visit = (u: unknown): void => {
    if (isOutput(u)) {
      for (const source of u.sources) found.add(source)
    } else if (Array.isArray(u)) u.forEach(visit)
    else if (isPlainObject(u)) Object.values(u).forEach(visit)
  }
  visit(value)
  return found
}

/**
 * Replaces every output within a value by what it stands for. All its sources must be known.
 *
 * @example
 * ```ts
 * import { Output } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * assert.deepEqual(Output.resolve({ host: Output.succeed("db") }, new Map()), { host: "db" })
 * ```
 *
 * @since 0.1.0
 */
export const resolve = <A>(value: A, values: Values): Resolved<A> => {
  const visit = (u: unknown): unknown => {
    if (isOutput(u)) return u.resolve(values)
    if (Array.isArray(u)) return u.map(visit)
    if (isPlainObject(u)) return Object.fromEntries(Object.entries(u).map(([key, item]) => [key, visit(item)]))
    return u
  }
  // `visit` maps exactly as `Resolved` does, which TypeScript cannot follow through a recursion over `unknown`.
  return visit(value) as Resolved<A>
}
