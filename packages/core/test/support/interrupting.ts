import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"

/** How an effect ended, and whether it was interrupted before it had. */
interface Interrupted<A, E> {
  readonly exit: Exit.Exit<A, E>
  readonly hit: boolean
}

/** Runs an effect, and interrupts it at its operation of that number: of its own fiber, or of any that it has forked. */
export const interruptedAt = <A, E>(effect: Effect.Effect<A, E>, at: number): Effect.Effect<Interrupted<A, E>> =>
  Effect.callback((resume) => {
    let operations = 0
    let root: Fiber.Fiber<A, E> | undefined
    const scheduler = new Scheduler.MixedScheduler()
    const counting: Scheduler.Scheduler = {
      executionMode: scheduler.executionMode,
      makeDispatcher: () => scheduler.makeDispatcher(),
      shouldYield: (fiber) => {
        if (++operations === at) root?.interruptUnsafe()
        return scheduler.shouldYield(fiber)
      }
    }
    // The first operation yields, so that the fiber is known before the others.
    root = Effect.runFork(
      Effect.andThen(Effect.yieldNow, effect).pipe(Effect.provideService(Scheduler.Scheduler, counting))
    )
    root.addObserver((exit) => resume(Effect.succeed({ exit, hit: operations >= at })))
  })
