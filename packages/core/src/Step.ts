/**
 * A step is one typed, idempotent unit of a deployment: `check` looks, `apply` converges.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Access from "./Access.ts"
import type { BackupProof } from "./BackupProof.ts"
import type { Check } from "./Check.ts"
import * as Failure from "./Failure.ts"
import { type Abilities, abilitiesOf } from "./internal/abilities.ts"
import { formatIssue } from "./internal/issue.ts"
import * as step from "./internal/step.ts"
import { type Extras, remember } from "./internal/stepType.ts"
import * as Output from "./Output.ts"
import type { Observed, Resource } from "./Resource.ts"
import type { Risk } from "./Risk.ts"

/**
 * A step's input does not fit its schema. Nothing has run.
 *
 * @since 0.1.0
 */
export class StepInputInvalid extends Schema.TaggedError<StepInputInvalid>()("StepInputInvalid", {
  ...Failure.fields("core.step-input-invalid"),
  step: Schema.String,
  type: Schema.String
}) {}

/**
 * What a step has stored, in a journal or a release, does not fit this version of its type. Nothing was changed.
 *
 * @since 0.1.0
 */
export class RecordedInvalid extends Schema.TaggedError<RecordedInvalid>()("RecordedInvalid", {
  ...Failure.fields("core.recorded-invalid"),
  type: Schema.String
}) {}

/**
 * What kind of thing `apply` changes, where its risk does not tell: data of the application, the schema that holds it, or
 * neither, as a container that is made anew.
 *
 * @since 0.1.0
 */
export type Alters = "schema" | "data" | "none"

/**
 * What a step can do, and what it means for data, before anything is known of its input.
 *
 * @since 0.1.0
 */
export interface Traits {
  readonly alters: Alters | undefined
  /** It takes and proves a backup. */
  readonly backup: boolean
  /** It can take back what it did. */
  readonly undo: boolean
  /** It leaves a part of each release. */
  readonly release: boolean
  /** How long an attempt may go on to its end when the run is interrupted; `undefined` where it is interrupted too. */
  readonly finishWithin: Duration.Input | undefined
}

/**
 * A step with its inputs known: what the engine runs.
 *
 * @since 0.1.0
 */
export interface Prepared<out A, out E, out CheckR, out ApplyR> extends Abilities<A, E, CheckR, ApplyR> {
  /** The input as the step's schema decoded it; it enters the plan's digest. */
  readonly input: unknown
  readonly provides: ReadonlyArray<Resource>
  readonly observes: Observed
  readonly touches: ReadonlyArray<Resource>
  readonly check: Effect.Effect<Check<A>, E, CheckR>
  readonly apply: Effect.Effect<void, E, ApplyR>
}

/**
 * How one use of a step runs.
 *
 * @since 0.1.0
 */
export interface RunOptions {
  /** Steps that must have succeeded before, where no output says so. */
  readonly after?: ReadonlyArray<Output.Output<unknown>> | undefined
  /** When to try `apply` again after a failure that is not final. The default is never. */
  readonly retry?: Schedule.Schedule<unknown, unknown> | undefined
  /** How long one attempt may take. The default is no limit. */
  readonly timeout?: Duration.Input | undefined
}

/**
 * What a deployment's generator yields: a step, or a group of steps that run concurrently.
 *
 * @since 0.1.0
 */
export interface Instruction<out Yielded, out E, out CheckR, out ApplyR, out Destructive extends string> {
  readonly steps: ReadonlyArray<Step<unknown, E, CheckR, ApplyR, Destructive>>
  /** How many of its steps run at a time; `undefined` leaves it to the run. */
  readonly limit: number | undefined
  [Symbol.iterator](): Iterator<Instruction<unknown, E, CheckR, ApplyR, Destructive>, Yielded, unknown>
}

/**
 * One use of a step type in a deployment. `yield*` it to get its output.
 *
 * `Destructive` is the step's type name where it may lose data, else `never`.
 *
 * @since 0.1.0
 */
export interface Step<out A, out E, out CheckR, out ApplyR, out Destructive extends string>
  extends Instruction<Output.Output<A>, E, CheckR, ApplyR, Destructive> {
  readonly id: string
  readonly type: string
  readonly risk: Risk
  /** The type's name where the step is destructive and nobody has acknowledged it. */
  readonly destructive: ReadonlyArray<Destructive>
  /** Ids of the steps and inputs whose values it waits for. */
  readonly sources: ReadonlySet<string>
  readonly options: RunOptions
  readonly guard: Guard
  readonly traits: Traits
  readonly prepare: (values: Output.Values) => Result.Result<Prepared<A, E, CheckR, ApplyR>, StepInputInvalid>
}

/**
 * What composition has said of a step.
 *
 * @since 0.1.0
 */
export interface Guard {
  /** Runs with the strategy `fresh` only. */
  readonly onFresh?: boolean
  /** May fail, and why that is acceptable. */
  readonly optional?: string
  /** Who has accepted that it may lose data, and why. */
  readonly acknowledged?: { readonly reason: string; readonly approvedBy: string }
}

/**
 * The types of any step.
 *
 * @since 0.1.0
 */
export declare namespace Step {
  /**
   * Any step.
   *
   * @since 0.1.0
   */
  type Any = Step<unknown, unknown, unknown, unknown, string>
}

/**
 * The error on a step type's name when its `check` could change something.
 *
 * @since 0.1.0
 */
export type ReadOnlyGuard<Name extends string, R> = [Access.NotReadable<R>] extends [never]
  ? Name
  : `✗ ${Name}: check() runs during plan and must be read-only, but it requires ${Access.KeyOf<Access.NotReadable<R>>}`

/**
 * The fields of an input: schemas that decode without services.
 *
 * @since 0.1.0
 */
export type InputFields = Readonly<Record<string, Schema.Constraint & { readonly DecodingServices: never }>>

/**
 * What the caller of a step type writes: every field a value, or an output producing it.
 *
 * @since 0.1.0
 */
export type InputOf<Fields extends InputFields> = {
  readonly [K in keyof Schema.Struct.Encoded<Fields>]: Output.OrOutput<Schema.Struct.Encoded<Fields>[K]>
}

/**
 * A step type as data: what `shipshape steps` prints.
 *
 * @since 0.1.0
 */
export interface Described {
  readonly type: string
  readonly description: string
  readonly risk: Risk
  readonly input: Schema.Struct.Fields
  readonly output: Schema.Struct.Fields
}

/**
 * A step type: called with an id and an input it makes a step.
 *
 * @since 0.1.0
 */
export interface StepType<
  Fields extends InputFields,
  out A,
  out E,
  out CheckR,
  out ApplyR,
  out Destructive extends string
> extends Described {
  (id: string, input: InputOf<Fields>, options?: RunOptions): Step<A, E, CheckR, ApplyR, Destructive>
}

/**
 * How a step type is defined.
 *
 * @since 0.1.0
 */
export interface Definition<
  Fields extends InputFields,
  OutputFields extends Schema.Struct.Fields,
  R extends Risk,
  CheckE,
  CheckR,
  ApplyE,
  ApplyR
> {
  /** One sentence: what the world is like when the step is satisfied. */
  readonly description: string
  readonly risk: R
  readonly input: Fields
  readonly output: OutputFields
  /** What later steps may use once this one is satisfied. */
  readonly provides?: (input: Schema.Struct.Type<Fields>) => ReadonlyArray<Resource>
  /** What `check` looks at and another step could take away or replace. */
  readonly observes?: (input: Schema.Struct.Type<Fields>) => Observed
  /** What `apply` takes away or replaces, so that checks which saw it look again. */
  readonly touches?: (input: Schema.Struct.Type<Fields>) => ReadonlyArray<Resource>
  /**
   * What `apply` changes. The engine asks for a backup before precious data or its schema change; without this a step whose
   * risk is above `additive` counts as one that does.
   */
  readonly alters?: Alters
  /** The step is a backup: what its output proves. Its `apply` takes a new one, whether or not there is another. */
  readonly backup?: (output: Schema.Struct.Type<OutputFields>) => BackupProof
  /** When the run is interrupted, an attempt may go on to its end for so long. Without it, it is interrupted too. */
  readonly finishWithin?: Duration.Input
  /** Looks. Runs in plan, again before `apply`, and again after it. */
  readonly check: (
    input: Schema.Struct.Type<Fields>
  ) => Effect.Effect<Check<Schema.Struct.Type<OutputFields>>, CheckE, CheckR>
  /** Converges. Must be safe to run again after a crash at any point. */
  readonly apply: (input: Schema.Struct.Type<Fields>) => Effect.Effect<void, ApplyE, ApplyR>
}

/**
 * Defines a step type.
 *
 * The input's fields are schemas: what a deployment writes is their encoded side, what `check` and `apply` get is the
 * decoded one. After each `apply` the engine runs `check` again, and the step failed if that is not satisfied, whatever
 * `apply` said; the output is what that check returned.
 *
 * @example
 * ```ts
 * import { Access, Check, Step } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 * import * as Schema from "effect/Schema"
 *
 * class QueueProbe extends Access.Probe<QueueProbe, {
 *   readonly exists: (name: string) => Effect.Effect<boolean>
 * }>()("acme/QueueProbe") {}
 *
 * class QueueControl extends Access.Control<QueueControl, {
 *   readonly create: (name: string) => Effect.Effect<void>
 * }>()("acme/QueueControl") {}
 *
 * const queue = Step.make("acme.queue", {
 *   description: "A queue exists",
 *   risk: "additive",
 *   input: { name: Schema.NonEmptyString },
 *   output: { name: Schema.String },
 *   check: Effect.fn("acme.queue.check")(function*({ name }) {
 *     const probe = yield* QueueProbe
 *     return (yield* probe.exists(name))
 *       ? Check.satisfied({ name })
 *       : Check.needed([{ summary: `create queue ${name}` }])
 *   }),
 *   apply: Effect.fn("acme.queue.apply")(function*({ name }) {
 *     yield* (yield* QueueControl).create(name)
 *   })
 * })
 *
 * assert.equal(queue("mail", { name: "mail" }).type, "acme.queue")
 * ```
 *
 * @since 0.1.0
 */
export const make = <
  const Name extends string,
  Fields extends InputFields,
  OutputFields extends Schema.Struct.Fields,
  const R extends Risk,
  CheckE = never,
  CheckR = never,
  ApplyE = never,
  ApplyR = never
>(
  name: ReadOnlyGuard<Name, CheckR>,
  definition: Definition<Fields, OutputFields, R, CheckE, CheckR, ApplyE, ApplyR>
): StepType<
  Fields,
  Schema.Struct.Type<OutputFields>,
  CheckE | ApplyE,
  CheckR,
  ApplyR,
  R extends "destructive" ? Name : never
> => {
  const decode = Schema.decodeUnknownResult(Schema.Struct<InputFields>(definition.input))
  const destructive: ReadonlyArray<string> = definition.risk === "destructive" ? [name] : []
  const { description, input, output, risk } = definition
  const build = (extras: Extras): object => {
    const traits: Traits = {
      alters: definition.alters,
      backup: definition.backup !== undefined,
      undo: extras.undo !== undefined,
      release: extras.release !== undefined,
      finishWithin: definition.finishWithin
    }
    const call = (id: string, given: InputOf<Fields>, options: RunOptions = {}) =>
      step.make({
        id,
        type: name,
        risk,
        destructive,
        sources: new Set([...Output.sourcesOf(given), ...(options.after ?? []).flatMap((o) => [...o.sources])]),
        options,
        guard: {},
        traits,
        prepare: (values) =>
          Result.mapBoth(decode(Output.resolve(given, values), { errors: "all" }), {
            onFailure: (issue) => inputInvalid(id, name, formatIssue(issue)),
            onSuccess: (value): Prepared<unknown, unknown, unknown, unknown> => {
              // The schema is the definition's own, seen through the constraint of its fields.
              const decoded = value as Schema.Struct.Type<Fields>
              return {
                input: decoded,
                provides: definition.provides?.(decoded) ?? [],
                observes: definition.observes?.(decoded) ?? [],
                touches: definition.touches?.(decoded) ?? [],
                check: definition.check(decoded),
                apply: definition.apply(decoded),
                ...abilitiesOf(name, decoded, definition.backup, extras, recordedInvalid)
              }
            }
          })
      })
    const made = Object.assign(call, { type: name, description, input, output, risk })
    remember(made, extras, build)
    return made
  }
  // `Name` and `R` reach the type only through conditional types, which TypeScript does not reduce inside this body.
  return build({}) as unknown as StepType<
    Fields,
    Schema.Struct.Type<OutputFields>,
    CheckE | ApplyE,
    CheckR,
    ApplyR,
    R extends "destructive" ? Name : never
  >
}

const inputInvalid = (id: string, type: string, problem: string): StepInputInvalid =>
  new StepInputInvalid({
    step: id,
    type,
    message: `step “${id}” (${type}): ${problem}`,
    hint: `correct the input of “${id}”; \`shipshape steps ${type}\` lists the fields`
  })

const recordedInvalid = (type: string, what: string, problem: string): RecordedInvalid =>
  new RecordedInvalid({
    type,
    message: `${what} of ${type} is not what this version of it reads: ${problem}`,
    hint: "use the version of the plugin that recorded it, or do by hand what it would have done"
  })
