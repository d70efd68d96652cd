/**
 * A deployment: steps composed by a generator, the environments it goes to, the inputs it is told, and the plugins that
 * do the work.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import type * as Access from "./Access.ts"
import * as Failure from "./Failure.ts"
import type * as Input from "./Input.ts"
import * as assembly from "./internal/assembly.ts"
import { definitionProblems } from "./internal/definition.ts"
import * as Output from "./Output.ts"
import type { Base, Plugin } from "./Plugin.ts"
import type { Instruction } from "./Step.ts"
import type { Store, StoreFailed } from "./Store.ts"

/**
 * An environment. Precious data is never started afresh, and no step may lose it without acknowledgement.
 *
 * @since 0.1.0
 */
export interface Environment {
  readonly data: "disposable" | "precious"
  /**
   * What a run does when a step has failed: nothing more (`stop`, the default); take back what it has applied, in reverse
   * order (`undo`); or go back to the last release (`rollback`).
   */
  readonly onFailure?: "stop" | "undo" | "rollback"
  /** How many releases are kept to go back to. The default is 5. */
  readonly keepReleases?: number
}

/**
 * A deployment's environments by name.
 *
 * @since 0.1.0
 */
export type Environments = Readonly<Record<string, Environment>>

/**
 * What a deployment's generator and its `plugins` are given. Inputs are outputs: their values are known when it runs.
 *
 * @since 0.1.0
 */
export interface DeploymentContext<Envs extends Environments, Inputs extends Input.Fields> {
  readonly environment: { readonly name: keyof Envs & string; readonly data: Environment["data"] }
  readonly inputs: { readonly [K in keyof Inputs]: Inputs[K] extends Input.Input<infer A> ? Output.Output<A> : never }
}

/**
 * Stands for plugins that are not known: none are given, or the compiler has not come to them yet.
 *
 * @since 0.1.0
 */
export interface Unresolved {
  readonly "~shipshape/Unresolved": never
}

type PluginList = ReadonlyArray<Plugin.Any> | Unresolved

type Listed<Plugins> = Plugins extends ReadonlyArray<infer P> ? P : never

/**
 * What a deployment is defined with.
 *
 * @since 0.1.0
 */
export interface Options<Envs extends Environments, Inputs extends Input.Fields, Plugins extends PluginList> {
  readonly environments: Envs
  readonly inputs?: Inputs
  /** The plugins that provide what the steps need; a later one may build on an earlier one. */
  readonly plugins?: (context: DeploymentContext<Envs, Inputs>) => Plugins
  /** Where lock, journal and releases live. The default is `.shipshape/` in the target's working folder. */
  readonly store?: (context: DeploymentContext<Envs, Inputs>) => Plugin<Store, StoreFailed, Base>
}

/** What is there where nothing is given: a record without keys. */
type None = Record<never, never>

type ErrorOf<I> = I extends Instruction<infer _Y, infer E, infer _CR, infer _AR, infer _D> ? E : never
type CheckOf<I> = I extends Instruction<infer _Y, infer _E, infer CR, infer _AR, infer _D> ? CR : never
type ApplyOf<I> = I extends Instruction<infer _Y, infer _E, infer _CR, infer AR, infer _D> ? AR : never
type DestructiveOf<I> = I extends Instruction<infer _Y, infer _E, infer _CR, infer _AR, infer D> ? D : never

type ProvidedBy<P> = P extends Plugin<infer Provides, infer _E, infer _R> ? Provides : never
type RequiredBy<P> = P extends Plugin<infer _P, infer _E, infer Requires> ? Requires : never
type LayerErrorOf<P> = P extends Plugin<infer _P, infer E, infer _R> ? E : never

type PreciousNames<Envs extends Environments> = {
  [K in keyof Envs & string]: [Envs[K]["data"]] extends ["disposable"] ? never : K
}[keyof Envs & string]

type DisposableNames<Envs extends Environments> = Exclude<keyof Envs & string, PreciousNames<Envs>>

type Missing<P, I> = Exclude<CheckOf<I> | ApplyOf<I> | RequiredBy<P>, ProvidedBy<P> | Base>

/**
 * The error on a deployment's name when precious data could be lost, or when no plugin provides what a step needs.
 *
 * `Given` has the options' keys. TypeScript checks the name once before it has come to a `plugins` function that takes the
 * context: then nothing is missing yet.
 *
 * @since 0.1.0
 */
export type Guard<Name extends string, Envs extends Environments, Plugins, Given, I> = [PreciousNames<Envs>] extends [
  never
]
  ? PluginsGuard<Name, Plugins, Given, I>
  : [DestructiveOf<I>] extends [never]
    ? PluginsGuard<Name, Plugins, Given, I>
    : `✗ '${PreciousNames<Envs>}' holds precious data: destructive step '${DestructiveOf<I>}' needs acknowledge(step, { reason, approvedBy })`

type PluginsGuard<Name extends string, Plugins, Given, I> = [Plugins] extends [Unresolved]
  ? "plugins" extends keyof Given
    ? Name
    : MissingGuard<Name, never, I>
  : MissingGuard<Name, Listed<Plugins>, I>

type MissingGuard<Name extends string, P, I> = [Missing<P, I>] extends [never]
  ? Name
  : `✗ no plugin provides ${Access.KeyOf<Missing<P, I>>}: add the one that does to 'plugins'`

/**
 * The instructions that a generator yielded for one environment, and what it returned.
 *
 * @since 0.1.0
 */
export interface Blueprint<out A, out E, out CheckR, out ApplyR> {
  readonly instructions: ReadonlyArray<Instruction<unknown, E, CheckR, ApplyR, string>>
  readonly outputs: A
  readonly plugins: ReadonlyArray<Plugin.Any>
  readonly store: Plugin<Store, StoreFailed, Base> | undefined
}

/**
 * A deployment. Its types say which environments it has and which of them are disposable, what it returns, how it
 * fails, and what checks and applies need.
 *
 * @since 0.1.0
 */
export interface Deployment<
  out Name extends string,
  out Disposable extends string,
  out A,
  out E,
  out CheckR,
  out ApplyR
> {
  readonly name: string
  readonly environments: Readonly<Record<string, Environment>>
  readonly names: ReadonlyArray<Name>
  readonly disposable: ReadonlyArray<Disposable>
  readonly inputs: Input.Fields
  /** The steps for one environment; made once and kept. */
  readonly blueprint: (environment: string) => Blueprint<A, E, CheckR, ApplyR>
}

/**
 * The types of any deployment.
 *
 * @since 0.1.0
 */
export declare namespace Deployment {
  /**
   * Any deployment.
   *
   * @since 0.1.0
   */
  type Any = Deployment<string, string, unknown, unknown, unknown, unknown>
}

/**
 * A deployment's definition is wrong: all problems at once. It is thrown where the deployment is defined.
 *
 * @since 0.1.0
 */
export class DefinitionInvalid extends Schema.TaggedError<DefinitionInvalid>()("DefinitionInvalid", {
  ...Failure.fields("core.definition-invalid"),
  deployment: Schema.String,
  problems: Schema.Array(Schema.String)
}) {}

/**
 * Defines a deployment.
 *
 * The generator runs once for every environment where the deployment is defined, and touches nothing: it says which
 * steps there are. A wrong or repeated id, and a step that is built but not yielded, are refused at once.
 *
 * @example
 * ```ts
 * import { Check, defineDeployment, Input, Step } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 * import * as Schema from "effect/Schema"
 *
 * const greet = Step.make("acme.greet", {
 *   description: "Greeted", risk: "additive", input: { name: Schema.String }, output: {},
 *   check: () => Effect.succeed(Check.satisfied({})),
 *   apply: () => Effect.void
 * })
 *
 * const deployment = defineDeployment("hello", {
 *   environments: { staging: { data: "disposable" } },
 *   inputs: { name: Input.string("NAME") }
 * }, function*({ inputs }) {
 *   yield* greet("greet", { name: inputs.name })
 * })
 * assert.equal(deployment.blueprint("staging").instructions.length, 1)
 * ```
 *
 * @since 0.1.0
 */
export const defineDeployment = <
  const Name extends string,
  const Envs extends Environments,
  I extends Instruction<unknown, unknown, unknown, unknown, string> = never,
  Inputs extends Input.Fields = None,
  const Plugins extends PluginList = Unresolved,
  Given = None,
  A = void
>(
  name: Guard<Name, Envs, Plugins, Given, I>,
  options: Options<Envs, Inputs, Plugins> & { readonly [K in keyof Given]: unknown },
  body: (context: DeploymentContext<Envs, Inputs>) => Generator<I, A, never>
): Deployment<
  keyof Envs & string,
  DisposableNames<Envs>,
  Output.Resolved<A>,
  ErrorOf<I> | LayerErrorOf<Listed<Plugins>>,
  CheckOf<I>,
  ApplyOf<I>
> => {
  type Made = Deployment<
    keyof Envs & string,
    DisposableNames<Envs>,
    Output.Resolved<A>,
    ErrorOf<I> | LayerErrorOf<Listed<Plugins>>,
    CheckOf<I>,
    ApplyOf<I>
  >
  const inputs = Object.fromEntries(
    Object.keys(options.inputs ?? {}).map((key) => [
      key,
      Output.make(new Set([`input:${key}`]), (known) => known.get(`input:${key}`))
    ])
  )
  const blueprints = new Map<string, Blueprint<unknown, unknown, unknown, unknown>>()
  const problems = new Set<string>()
  for (const [environment, { data }] of Object.entries(options.environments)) {
    const context = { environment: { name: environment, data }, inputs } as DeploymentContext<Envs, Inputs>
    const [{ instructions, outputs }, unyielded] = assembly.collect(() => drive(body(context)))
    for (const problem of definitionProblems(name, instructions, unyielded, Object.keys(inputs))) problems.add(problem)
    blueprints.set(environment, {
      instructions,
      outputs,
      plugins: listed(options.plugins?.(context)),
      store: options.store?.(context)
    })
  }
  if (blueprints.size === 0) problems.add("it has no environment: name at least one in `environments`")
  if (problems.size > 0) {
    throw new DefinitionInvalid({
      deployment: name,
      problems: [...problems],
      message: [`deployment “${name}” cannot be used:`, ...[...problems].map((problem) => `  ${problem}`)].join("\n"),
      hint: "correct the deployment's definition"
    })
  }
  const made: Deployment.Any = {
    name,
    environments: options.environments,
    names: Object.keys(options.environments),
    disposable: Object.keys(options.environments).filter((key) => options.environments[key]?.data === "disposable"),
    inputs: options.inputs ?? {},
    blueprint: (environment) => {
      const found = blueprints.get(environment)
      if (found === undefined) throw new RangeError(`deployment “${name}” has no environment “${environment}”`)
      return found
    }
  }
  // The types of steps and environments reach this one through conditional types over the generator's yields.
  return made as unknown as Made
}

/** `Unresolved` stands in types only: no function returns it. */
const listed = (plugins: PluginList | undefined): ReadonlyArray<Plugin.Any> => (Array.isArray(plugins) ? plugins : [])

/** Runs a generator to its end: each `yield*` gives a step's output by itself. */
const drive = <I, A>(
  generator: Generator<I, A, never>
): { readonly instructions: ReadonlyArray<I>; readonly outputs: A } => {
  const instructions: Array<I> = []
  // The iterators of steps ignore what they are sent.
  const send = (): IteratorResult<I, A> => generator.next(undefined as never)
  let next = send()
  while (next.done !== true) {
    instructions.push(next.value)
    next = send()
  }
  return { instructions, outputs: next.value }
}
