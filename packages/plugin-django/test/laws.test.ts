import { describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { keepsTheLaws as edmsKeepsTheLaws, fakeEdms, makeWorld as makeEdms } from "./support/edms.ts"
import { fakeLibrary, makeWorld } from "./support/fakeLibrary.ts"
import { localLibrary, python } from "./support/localLibrary.ts"
import { keepsTheLaws } from "./support/scenario.ts"

describe("every step that writes keeps the laws", () => {
  it.effect("in memory", () => {
    const world = makeWorld()
    return keepsTheLaws(fakeLibrary(world)).pipe(Effect.provide(world.layer))
  })

  it.effect("in memory, as the EDMS is deployed", () => {
    const world = makeEdms()
    return edmsKeepsTheLaws(fakeEdms(world)).pipe(Effect.provide(world.layer))
  })

  it.live.skipIf(python === undefined)(
    "on a Django of this machine",
    () =>
      Effect.gen(function* () {
        const library = yield* localLibrary()
        yield* Effect.provide(keepsTheLaws(library), library.layer)
      }).pipe(Effect.scoped),
    120_000
  )
})
