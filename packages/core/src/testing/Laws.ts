/**
 * The laws that every step keeps. Plugins run them on their fake world and on the real thing.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Check } from "../Check.ts"
import * as Failure from "../Failure.ts"
import { digest } from "../internal/digest.ts"
import * as Look from "../Look.ts"
import type { Prepared, RecordedInvalid, Step, StepInputInvalid } from "../Step.ts"

/**
 * A step breaks a law.
 *
 * @since 0.1.0
 */
export class LawBroken extends Schema.TaggedError<LawBroken>()("LawBroken", {
  ...Failure.fields("testing.law-broken"),
  step: Schema.String,
  law: Schema.String
}) {}

/**
 * What the laws are tried on.
 *
 * @since 0.1.0
 */
export interface Options<A, E, CheckR, ApplyR, SeeE, SeeR, DamageE, DamageR> {
  /** A step that needs no output of another one. The world must lack what it is for. */
  readonly step: Step<A, E, CheckR, ApplyR, string>
  /** Everything about the world that could be changed: two equal answers mean that nothing was. */
  readonly see: Effect.Effect<unknown, SeeE, SeeR>
  /** Breaks what the step is for, by hand. */
  readonly damage?: Effect.Effect<unknown, DamageE, DamageR>
}

/**
 * Tries the laws, and fails with the first that the step breaks:
 *
 * 1. looking never changes;
 * 2. apply, then check, is satisfied;
 * 3. applying again changes nothing, and the output stays (of a backup, that there is one still: each is another one);
 * 4. damage is seen, and repaired.
 *
 * @example
 * ```ts
 * import { Access, Check, Step } from "@shipshape/core"
 * import { Laws } from "@shipshape/core/testing"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 *
 * class Lamp extends Access.Probe<Lamp, { readonly isOn: Effect.Effect<boolean> }>()("acme/Lamp") {}
 * class Switch extends Access.Control<Switch, { readonly on: Effect.Effect<void> }>()("acme/Switch") {}
 *
 * const light = Step.make("acme.light", {
 *   description: "The light is on", risk: "additive", input: {}, output: {},
 *   check: Effect.fn(function*() {
 *     return (yield* (yield* Lamp).isOn) ? Check.satisfied({}) : Check.needed([{ summary: "switch on" }])
 *   }),
 *   apply: () => Effect.flatMap(Switch, (s) => s.on)
 * })
 *
 * const world = { on: false }
 * await Effect.runPromise(
 *   Laws.check({ step: light("light", {}), see: Effect.sync(() => world.on), damage: Effect.sync(() => world.on = false) })
 *     .pipe(Effect.provide(Layer.mergeAll(
 *       Layer.succeed(Lamp, { isOn: Effect.sync(() => world.on) }),
 *       Layer.succeed(Switch, { on: Effect.sync(() => { world.on = true }) })
 *     )))
 * )
 * ```
 *
 * @since 0.1.0
 */
export const check = Effect.fnUntraced(function* <
  A,
  E,
  CheckR,
  ApplyR,
  SeeE = never,
  SeeR = never,
  DamageE = never,
  DamageR = never
>({
  damage,
  see,
  step
}: Options<A, E, CheckR, ApplyR, SeeE, SeeR, DamageE, DamageR>): Effect.fn.Return<
  void,
  LawBroken | StepInputInvalid | E | SeeE | DamageE,
  CheckR | ApplyR | SeeR | DamageR
> {
  const prepared = yield* Effect.fromResult(step.prepare(new Map()))
  const broken = (law: string, found: string) =>
    new LawBroken({
      step: step.type,
      law,
      message: `${step.type} breaks the law “${law}”: ${found}`,
      hint: "correct the step's check or apply, or the fake world"
    })

  const needed = yield* stillLooking(prepared, see)
  if (needed.changed) return yield* broken("looking never changes", "check changed the world")
  if (needed.check._tag === "Satisfied") {
    return yield* broken("damage is seen", "the world lacks what the step is for, and check is satisfied")
  }

  yield* prepared.apply
  const after = yield* stillLooking(prepared, see)
  if (needed.check._tag === "EveryRun") return
  if (after.changed) return yield* broken("looking never changes", "check changed the world after apply")
  if (after.check._tag !== "Satisfied") {
    return yield* broken("apply, then check, is satisfied", `check found ${describe(after.check)}`)
  }

  const before = digest(yield* see)
  yield* prepared.apply
  const again = yield* stillLooking(prepared, see)
  if (again.check._tag !== "Satisfied") {
    return yield* broken("applying again changes nothing", `check found ${describe(again.check)}`)
  }
  if (!step.traits.backup) {
    if (digest(again.check.output) !== digest(after.check.output)) {
      return yield* broken("applying again changes nothing", "the output is another one")
    }
    if (digest(yield* see) !== before) {
      return yield* broken("applying again changes nothing", "the world is another one")
    }
  }

  if (damage === undefined) return
  yield* damage
  const damaged = yield* stillLooking(prepared, see)
  if (damaged.check._tag === "Satisfied") return yield* broken("damage is seen", "check is still satisfied")
  yield* prepared.apply
  const repaired = yield* stillLooking(prepared, see)
  if (repaired.check._tag !== "Satisfied") {
    return yield* broken("damage is repaired", `check found ${describe(repaired.check)}`)
  }
})

/**
 * What the laws of undo are tried on.
 *
 * @since 0.1.0
 */
export interface UndoOptions<A, E, CheckR, ApplyR, SeeE, SeeR, HalfE, HalfR> {
  /** A step that needs no output of another one. The world must lack what it is for. */
  readonly step: Step<A, E, CheckR, ApplyR, string>
  /** Everything about the world that could be changed: two equal answers mean that nothing was. */
  readonly see: Effect.Effect<unknown, SeeE, SeeR>
  /** Does by hand a part of what `apply` does, and no more: what a crash in the middle of it leaves. */
  readonly half?: Effect.Effect<unknown, HalfE, HalfR>
}

/**
 * Tries the laws of undo, and fails with the first that the step breaks:
 *
 * 1. capturing never changes;
 * 2. restoring where apply has done nothing, or a part, or all of it, makes the world as it was captured;
 * 3. restoring again changes nothing;
 * 4. what was undone can be applied again.
 *
 * What was captured goes through JSON, and is restored by a step that was prepared anew: as in another process.
 *
 * @example
 * ```ts
 * import { Access, Check, Step, Undo } from "@shipshape/core"
 * import { Laws } from "@shipshape/core/testing"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 * import * as Schema from "effect/Schema"
 *
 * class Dial extends Access.Probe<Dial, { readonly value: Effect.Effect<number> }>()("acme/Dial") {}
 * class Turn extends Access.Control<Turn, { readonly to: (value: number) => Effect.Effect<void> }>()("acme/Turn") {}
 *
 * const value = Effect.flatMap(Dial, (dial) => dial.value)
 * const turn = (to: number) => Effect.flatMap(Turn, (control) => control.to(to))
 *
 * const dial = Undo.of(
 *   Step.make("acme.dial", {
 *     description: "The dial stands at 3", risk: "reversible", input: {}, output: {},
 *     check: () => Effect.map(value, (now) => now === 3 ? Check.satisfied({}) : Check.needed([{ summary: "turn" }])),
 *     apply: () => turn(3)
 *   }),
 *   { captured: Schema.Int, capture: () => value, restore: turn }
 * )
 *
 * const world = { value: 0 }
 * await Effect.runPromise(
 *   Laws.undo({ step: dial("dial", {}), see: Effect.sync(() => world.value), half: Effect.sync(() => world.value = 1) })
 *     .pipe(Effect.provide(Layer.mergeAll(
 *       Layer.succeed(Dial, { value: Effect.sync(() => world.value) }),
 *       Layer.succeed(Turn, { to: (to) => Effect.sync(() => { world.value = to }) })
 *     )))
 * )
 * ```
 *
 * @since 0.1.0
 */
export const undo = Effect.fnUntraced(function* <
  A,
  E,
  CheckR,
  ApplyR,
  SeeE = never,
  SeeR = never,
  HalfE = never,
  HalfR = never
>({
  half,
  see,
  step
}: UndoOptions<A, E, CheckR, ApplyR, SeeE, SeeR, HalfE, HalfR>): Effect.fn.Return<
  void,
  LawBroken | StepInputInvalid | RecordedInvalid | E | SeeE | HalfE,
  CheckR | ApplyR | SeeR | HalfR
> {
  const broken = (law: string, found: string) =>
    new LawBroken({
      step: step.type,
      law,
      message: `${step.type} breaks the law “${law}”: ${found}`,
      hint: "correct what the step captures and restores, or the fake world"
    })
  const prepare = Effect.gen(function* () {
    const prepared = yield* Effect.fromResult(step.prepare(new Map()))
    return prepared.undo === undefined
      ? yield* broken("the step can be undone", "it has no undo; add it with Undo.of")
      : { ...prepared, undo: prepared.undo }
  })
  const first = yield* prepare
  const capture = Effect.provideService(first.undo.capture, Look.Current, Look.make())
  const before = digest(yield* see)
  const captured = yield* capture
  if (digest(yield* see) !== before) return yield* broken("capturing never changes", "the world is another one")

  const stored: Schema.Json = JSON.parse(JSON.stringify(captured))
  const restored = Effect.fnUntraced(function* (law: string) {
    yield* (yield* prepare).undo.restore(stored)
    const now = yield* Effect.provideService(first.undo.capture, Look.Current, Look.make())
    if (digest(now) !== digest(captured)) return yield* broken(law, "what is captured then is something else")
    if (digest(yield* see) !== before) return yield* broken(law, "the world is another one")
  })
  const applied = Effect.fnUntraced(function* (law: string) {
    yield* first.apply
    const { check: found } = yield* stillLooking(first, see)
    if (found._tag === "Satisfied" || found._tag === "EveryRun") return
    return yield* broken(law, `check found ${describe(found)}`)
  })

  yield* restored("restoring where nothing was applied changes nothing")
  if (half !== undefined) {
    yield* half
    yield* restored("restoring takes back a part of what apply does")
  }
  yield* applied("apply, then check, is satisfied")
  if (digest(yield* see) === before) return yield* broken("damage is seen", "the world had what the step is for")
  yield* restored("restoring makes the world as it was captured")
  yield* restored("restoring again changes nothing")
  yield* applied("what was undone can be applied again")
  yield* restored("restoring makes the world as it was captured")
})

/** Looks anew, and says whether looking changed the world. */
const stillLooking = Effect.fnUntraced(function* <A, E, CheckR, ApplyR, SeeE, SeeR>(
  prepared: Prepared<A, E, CheckR, ApplyR>,
  see: Effect.Effect<unknown, SeeE, SeeR>
) {
  const before = digest(yield* see)
  const found = yield* Effect.provideService(prepared.check, Look.Current, Look.make())
  return { check: found, changed: digest(yield* see) !== before }
})

const describe = (found: Check<unknown>): string =>
  "changes" in found
    ? found.changes.map((change) => change.summary).join("; ")
    : found._tag === "Unavailable"
      ? found.reason
      : "nothing"
