import { assert, it } from "@effect/vitest"
import { Look } from "@shipshape/core"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"

it.effect("a question whose asker is interrupted is asked anew for those who wait: they are not interrupted", () =>
  Effect.gen(function* () {
    const [begun, goOn] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
    let asked = 0
    const question = Look.shared((name: string) =>
      Effect.gen(function* () {
        asked += 1
        yield* Deferred.succeed(begun, undefined)
        yield* Deferred.await(goOn)
        return `${name} ${asked}`
      })
    )
    const answers = yield* Effect.gen(function* () {
      const first = yield* Effect.forkChild(question("docker"))
      yield* Deferred.await(begun)
      const waiting = yield* Effect.forkChild(Effect.all([question("docker"), question("docker")], { concurrency: 2 }))
      yield* Effect.yieldNow
      yield* Fiber.interrupt(first)
      yield* Deferred.succeed(goOn, undefined)
      return yield* Fiber.join(waiting)
    }).pipe(Effect.provideService(Look.Current, Look.make()))
    assert.deepStrictEqual([answers, asked], [["docker 2", "docker 2"], 2])
  })
)
