/**
 * What a plugin package exports: its step types, its options, and the layer that makes its probe and control.
 *
 * @since 0.1.0
 */
import type * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as Access from "./Access.ts"
import * as Failure from "./Failure.ts"
import { formatIssue } from "./internal/issue.ts"
import * as Output from "./Output.ts"
import type { Services } from "./Services.ts"
import type { Described, InputFields, InputOf, StepType } from "./Step.ts"
import type { Containers, Target, TargetProbe } from "./Target.ts"

/**
 * What every plugin's layer may build on.
 *
 * @since 0.1.0
 */
export type Base = Target | TargetProbe

/**
 * A plugin with its options, as it stands in a deployment's `plugins`.
 *
 * @since 0.1.0
 */
export interface Plugin<in Provides, out LayerE, out Requires> {
  readonly name: string
  readonly version: string
  readonly description: string
  readonly steps: ReadonlyArray<Described>
  /** What its options wait for: the deployment's inputs, by \`input:NAME\`. */
  readonly sources: ReadonlySet<string>
  /** Makes the layer, once inputs are known. Nothing is touched before the layer is built. */
  readonly layer: (
    values: Output.Values
  ) => Result.Result<Layer.Layer<Provides, LayerE, Requires>, PluginOptionsInvalid>
}

/**
 * The types of any plugin.
 *
 * @since 0.1.0
 */
export declare namespace Plugin {
  /**
   * Any plugin.
   *
   * @since 0.1.0
   */
  type Any = Plugin<never, unknown, unknown>
}

/**
 * A plugin's options do not fit its schema. Nothing has run.
 *
 * @since 0.1.0
 */
export class PluginOptionsInvalid extends Schema.TaggedError<PluginOptionsInvalid>()("PluginOptionsInvalid", {
  ...Failure.fields("core.plugin-options-invalid"),
  plugin: Schema.String
}) {}

type Needs<Steps> = {
  [K in keyof Steps]: Steps[K] extends StepType<infer _F, infer _A, infer _E, infer CR, infer AR, infer _D>
    ? CR | AR
    : never
}[keyof Steps]

type Lacking<Steps, Provides> = Exclude<Needs<Steps>, Provides | Base | Services>

/**
 * The error on a plugin's name when one of its steps needs a service that its own layer lacks. `Services` alone may come
 * from another plugin: a deployment that uses such a step without one is refused where it is defined.
 *
 * @since 0.1.0
 */
export type CompleteGuard<Name extends string, Steps, Provides> = [Lacking<Steps, Provides>] extends [never]
  ? Name
  : `✗ plugin ${Name}: its layer does not provide ${Access.KeyOf<Lacking<Steps, Provides>>}`

/**
 * How a plugin is defined.
 *
 * @since 0.1.0
 */
export interface Definition<Steps, Fields extends InputFields, Provides, LayerE, Requires> {
  readonly version: string
  readonly description: string
  /** Its step types by the name under which they are exported. */
  readonly steps: Steps
  /** The options that a deployment gives, as schemas; each may be an output or an input of the deployment. */
  readonly options: Fields
  readonly layer: (options: Schema.Struct.Type<Fields>) => Layer.Layer<Provides, LayerE, Requires>
}

/**
 * Defines a plugin: a function from options to what a deployment lists in `plugins`.
 *
 * @example
 * ```ts
 * import { Access, Check, Plugin, Step } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 * import * as Schema from "effect/Schema"
 *
 * class QueueProbe extends Access.Probe<QueueProbe, {
 *   readonly exists: (name: string) => Effect.Effect<boolean>
 * }>()("acme/QueueProbe") {}
 *
 * const queue = Step.make("acme.queue", {
 *   description: "A queue exists",
 *   risk: "additive",
 *   input: { name: Schema.NonEmptyString },
 *   output: {},
 *   check: Effect.fn("acme.queue.check")(function*({ name }) {
 *     const probe = yield* QueueProbe
 *     return (yield* probe.exists(name)) ? Check.satisfied({}) : Check.needed([{ summary: `create ${name}` }])
 *   }),
 *   apply: () => Effect.void
 * })
 *
 * const acme = Plugin.define("acme", {
 *   version: "1.0.0",
 *   description: "Queues",
 *   steps: { queue },
 *   options: { url: Schema.String },
 *   layer: () => Layer.succeed(QueueProbe, { exists: () => Effect.succeed(true) })
 * })
 *
 * assert.equal(acme({ url: "amqp://localhost" }).name, "acme")
 * ```
 *
 * @since 0.1.0
 */
export const define = <
  const Name extends string,
  const Steps extends Readonly<Record<string, Described>>,
  Fields extends InputFields,
  Provides,
  LayerE,
  Requires extends Base | Containers | Services
>(
  name: CompleteGuard<Name, Steps, Provides>,
  definition: Definition<Steps, Fields, Provides, LayerE, Requires>
): ((options: InputOf<Fields>) => Plugin<Provides, LayerE, Requires>) => {
  const decode = Schema.decodeUnknownResult(Schema.Struct<InputFields>(definition.options))
  const { description, steps, version } = definition
  return (options) => ({
    name,
    version,
    description,
    steps: Object.values(steps),
    sources: Output.sourcesOf(options),
    layer: (values) =>
      Result.mapBoth(decode(Output.resolve(options, values), { errors: "all" }), {
        onFailure: (issue) =>
          new PluginOptionsInvalid({
            plugin: name,
            message: `plugin ${name}: ${formatIssue(issue)}`,
            hint: `correct the options of ${name} in the deployment's \`plugins\``
          }),
        onSuccess: (decoded) => definition.layer(decoded as Schema.Struct.Type<Fields>)
      })
  })
}
