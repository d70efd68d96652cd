import { assert, it } from "@effect/vitest"
import { Access, Failure } from "@shipshape/core"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"

class Missing extends Access.Probe<Missing, { readonly there: boolean }>()("acme/Missing") {}

it.effect("a service that no plugin provides is named, for those who have not asked the compiler", () =>
  Effect.gen(function* () {
    // What Node runs when the types are stripped and nobody has checked them.
    const unchecked = Missing.useSync(({ there }) => there) as unknown as Effect.Effect<boolean>
    const cause = yield* Effect.flip(Effect.sandbox(unchecked))
    const { code, message } = Failure.report(Cause.squash(cause))
    assert.deepStrictEqual([code, message], ["core.service-missing", "no plugin provides acme/Missing"])
  })
)
