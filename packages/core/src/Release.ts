/**
 * A release: what a successful run left, and what a rollback goes back to.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Access from "./Access.ts"
import { Actor, Revision } from "./Actor.ts"
import { BackupProof } from "./BackupProof.ts"
import type { Check } from "./Check.ts"
import { extend } from "./internal/stepType.ts"
import type { InputFields, StepType } from "./Step.ts"

/**
 * A release as it is recorded.
 *
 * @example
 * ```ts
 * import { Release } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Schema from "effect/Schema"
 *
 * const release = Schema.decodeUnknownSync(Release.Release)({
 *   format: "shipshape-release", v: 1, number: 42, at: 0, deployment: "edms", environment: "production",
 *   who: { user: "ada", host: "ci-7", pid: 4711 }, plan: "7f3a91", versions: { "@shipshape/core": "0.1.0" },
 *   parts: { site: { type: "acme.site", part: { version: "2" } } }
 * })
 * assert.equal(release.number, 42)
 * ```
 *
 * @since 0.1.0
 */
export const Release = Schema.Struct({
  format: Schema.Literal("shipshape-release"),
  v: Schema.Int,
  /** The number of the run that left it. */
  number: Schema.Int,
  /** When that run ended, in milliseconds since 1970. */
  at: Schema.Number,
  deployment: Schema.String,
  environment: Schema.String,
  who: Actor,
  revision: Schema.optionalKey(Revision),
  /** The digest of the plan that was applied. */
  plan: Schema.String,
  /** Versions of Shipshape and of the plugins, by name. */
  versions: Schema.Record(Schema.String, Schema.String),
  backup: Schema.optionalKey(BackupProof),
  /** What steps have left of it, by their id, as JSON. */
  parts: Schema.Record(Schema.String, Schema.Struct({ type: Schema.String, part: Schema.Json })),
  /** The release that a rollback went back to. */
  backTo: Schema.optionalKey(Schema.Int)
})

/**
 * The type of {@link Release:var}.
 *
 * @since 0.1.0
 */
export interface Release extends Schema.Schema.Type<typeof Release> {}

/**
 * What a rollback may do beside putting code and configuration back.
 *
 * @since 0.1.0
 */
export interface Allowed {
  /** Schema changes may be reversed: what they added is lost. */
  readonly schema: boolean
  /** Data may be replaced by that of the backup. */
  readonly data: boolean
}

/**
 * The release that something is kept for.
 *
 * @since 0.1.0
 */
export interface Keeping {
  readonly deployment: string
  readonly environment: string
  readonly number: number
  readonly step: string
}

/**
 * How a step goes back to a release: in place of its own check and apply.
 *
 * @since 0.1.0
 */
export interface Way<out A, out E, out CheckR, out ApplyR> {
  readonly check: Effect.Effect<Check<A>, E, CheckR>
  readonly apply: Effect.Effect<void, E, ApplyR>
}

/**
 * What the way back is made of.
 *
 * @since 0.1.0
 */
export interface Back<Input, Part> {
  readonly input: Input
  readonly part: Part
  /** The release to go back to. */
  readonly release: Release
  /** The release that runs now. */
  readonly leaving: Release
  /** The backup that was taken when that release was last running: the one of the run that replaced it. */
  readonly backup: BackupProof | undefined
  readonly allowed: Allowed
}

/**
 * What a step type leaves in a release.
 *
 * @since 0.1.0
 */
export interface Definition<Input, Output, Part, RecordE, RecordR, KeepE, KeepR, BackE, BackCheckR, BackApplyR> {
  /** What is recorded: facts such as digests, and no secrets. It is stored as JSON. */
  readonly part: Schema.Codec<Part, Schema.Json>
  /** Looks at what is there now. `status` calls it too, and compares. */
  readonly record: (input: Input, output: Output) => Effect.Effect<Part, RecordE, RecordR>
  /** Makes sure that what the way back needs stays, for as long as the release is kept. Must be safe to run again. */
  readonly keep?: (part: Part, keeping: Keeping, input: Input) => Effect.Effect<void, KeepE, KeepR>
  /** Lets go of what was kept: the release is pruned. */
  readonly forget?: (part: Part, keeping: Keeping, input: Input) => Effect.Effect<void, KeepE, KeepR>
  /** The way back. Without it the step does in a rollback what it always does. */
  readonly back?: (back: Back<Input, Part>) => Way<Output, BackE, BackCheckR, BackApplyR>
}

/**
 * Reading only, or an error that names what could write.
 *
 * @since 0.1.0
 */
export type ReadOnly<Type, R> = [Access.NotReadable<R>] extends [never]
  ? Type
  : `✗ looking must be read-only, but it requires ${Access.KeyOf<Access.NotReadable<R>>}`

/**
 * Makes a step type leave a part of each release, and know the way back to it.
 *
 * @example
 * ```ts
 * import { Access, Check, Release, Step } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 * import * as Schema from "effect/Schema"
 *
 * class Site extends Access.Probe<Site, { readonly version: Effect.Effect<string> }>()("acme/Site") {}
 * class Publisher extends Access.Control<Publisher, {
 *   readonly publish: (version: string) => Effect.Effect<void>
 * }>()("acme/Publisher") {}
 *
 * const runs = Effect.fn(function*(version: string) {
 *   return (yield* (yield* Site).version) === version
 *     ? Check.satisfied({})
 *     : Check.needed([{ summary: `publish ${version}` }], { risk: "reversible" })
 * })
 * const publish = (version: string) => Effect.flatMap(Publisher, (p) => p.publish(version))
 *
 * const site = Release.of(
 *   Step.make("acme.site", {
 *     description: "The site runs a version", risk: "reversible", input: { version: Schema.String }, output: {},
 *     check: ({ version }) => runs(version),
 *     apply: ({ version }) => publish(version)
 *   }),
 *   {
 *     part: Schema.Struct({ version: Schema.String }),
 *     record: () => Effect.flatMap(Site, (s) => Effect.map(s.version, (version) => ({ version }))),
 *     back: ({ part }) => ({ check: runs(part.version), apply: publish(part.version) })
 *   }
 * )
 * assert.equal(site("site", { version: "2" }).traits.release, true)
 * ```
 *
 * @since 0.1.0
 */
export const of = <
  Fields extends InputFields,
  A,
  E,
  CheckR,
  ApplyR,
  Destructive extends string,
  Part,
  RecordE = never,
  RecordR = never,
  KeepE = never,
  KeepR = never,
  BackE = never,
  BackCheckR = never,
  BackApplyR = never
>(
  stepType: ReadOnly<StepType<Fields, A, E, CheckR, ApplyR, Destructive>, RecordR | BackCheckR> &
    StepType<Fields, A, E, CheckR, ApplyR, Destructive>,
  definition: Definition<
    Schema.Struct.Type<Fields>,
    A,
    Part,
    RecordE,
    RecordR,
    KeepE,
    KeepR,
    BackE,
    BackCheckR,
    BackApplyR
  >
): StepType<
  Fields,
  A,
  E | RecordE | KeepE | BackE,
  CheckR | RecordR | BackCheckR,
  ApplyR | KeepR | BackApplyR,
  Destructive
> =>
  extend<
    Fields,
    A,
    E | RecordE | KeepE | BackE,
    CheckR | RecordR | BackCheckR,
    ApplyR | KeepR | BackApplyR,
    Destructive
  >(stepType, { release: definition })
