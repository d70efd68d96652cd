import { Access, Check, Release, Step, Undo } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "tstyche"

class DialProbe extends Access.Probe<DialProbe, { readonly value: number }>()("acme/DialProbe") {}
class DialControl extends Access.Control<DialControl, { readonly to: (value: number) => Effect.Effect<void, Stuck> }>()(
  "acme/DialControl"
) {}
class Stuck extends Schema.TaggedError<Stuck>()("Stuck", { message: Schema.String }) {}

const dial = Step.make("acme.dial", {
  description: "A dial stands at a value",
  risk: "reversible",
  input: { value: Schema.Int },
  output: {},
  check: () => Effect.map(DialProbe, () => Check.satisfied({})),
  apply: () => Effect.void
})

const captured = Schema.Struct({ value: Schema.Int })

describe("undo", () => {
  it("captures by reading only", () => {
    // @ts-expect-error ✗ looking must be read-only, but it requires acme/DialControl
    Undo.of(dial, {
      captured,
      capture: () => Effect.map(DialControl, () => ({ value: 1 })),
      restore: () => Effect.void
    })
  })

  it("adds what restoring needs, and how it fails, to the step type", () => {
    const undoable = Undo.of(dial, {
      captured,
      capture: () => Effect.map(DialProbe, ({ value }) => ({ value })),
      restore: ({ value }) => Effect.flatMap(DialControl, (control) => control.to(value))
    })
    expect(undoable("dial", { value: 1 })).type.toBe<
      Step.Step<Record<never, never>, Stuck, DialProbe, DialControl, never>
    >()
  })

  it("gives the captured value and the input with their types", () => {
    Undo.of(dial, {
      captured,
      capture: ({ value }) => Effect.succeed({ value }),
      // @ts-expect-error Property 'vlaue' does not exist on type
      restore: ({ vlaue }) => Effect.sync(() => vlaue)
    })
  })
})

describe("a release", () => {
  it("is recorded by reading only", () => {
    // @ts-expect-error ✗ looking must be read-only, but it requires acme/DialControl
    Release.of(dial, {
      part: captured,
      record: () => Effect.map(DialControl, () => ({ value: 1 }))
    })
  })

  it("has a way back whose check reads only", () => {
    // @ts-expect-error ✗ looking must be read-only, but it requires acme/DialControl
    Release.of(dial, {
      part: captured,
      record: () => Effect.succeed({ value: 1 }),
      back: () => ({ check: Effect.map(DialControl, () => Check.satisfied({})), apply: Effect.void })
    })
  })
})
