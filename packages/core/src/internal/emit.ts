import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Event from "../Event.ts"
import * as Secrets from "../Secrets.ts"

type WithoutTime<E> = E extends { readonly at: number } ? Omit<E, "at"> : never

/** Sends one event of a run: the time is put on it, and every string in it passes the masking point. */
export type Emit = (event: WithoutTime<Event.Event>) => void

/** The way of this run's events to its sink. */
export const makeEmit: Effect.Effect<Emit> = Effect.gen(function* () {
  const clock = yield* Clock.Clock
  const secrets = yield* Secrets.Current
  const sink = yield* Event.CurrentSink
  return (event) => {
    // Masking keeps tags and literals, so what comes out is the same kind of event.
    sink({ ...Secrets.maskDeep(secrets, event), at: clock.currentTimeMillisUnsafe() } as Event.Event)
  }
})
