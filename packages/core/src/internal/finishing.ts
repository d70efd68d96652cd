import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"

/**
 * Runs an effect to its exit, also where the fiber that waits for it is interrupted: then the effect may go on to its end
 * for so long, or until `lost` ends, and is interrupted too; without a limit it is interrupted at once. To be called where
 * nothing interrupts; `restore` lets the waiting be interrupted.
 */
export const finishing = Effect.fnUntraced(function* <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  restore: <B, E2, R2>(effect: Effect.Effect<B, E2, R2>) => Effect.Effect<B, E2, R2>,
  within: Duration.Input | undefined,
  lost: Effect.Effect<never, unknown>,
  onFinishing: (within: Duration.Duration) => void
) {
  const fiber = yield* Effect.forkDetach(Effect.interruptible(effect), { startImmediately: true })
  const waited = yield* Effect.exit(restore(Fiber.await(fiber)))
  if (Exit.isSuccess(waited)) return waited.value
  if (within === undefined) yield* Fiber.interrupt(fiber)
  else {
    const limit = Duration.fromInputUnsafe(within)
    onFinishing(limit)
    // Whoever has lost the lock has no time left: the next run may have begun.
    const ended = yield* Effect.raceFirst(Fiber.await(fiber), Effect.exit(lost)).pipe(Effect.timeoutOption(limit))
    if (Option.isNone(ended) || fiber.pollUnsafe() === undefined) yield* Fiber.interrupt(fiber)
  }
  return yield* Fiber.await(fiber)
})
