import * as Effect from "effect/Effect"
import * as Event from "../../Event.ts"
import type { Reporter } from "../../reporter/Reporter.ts"
import type { Context } from "./context.ts"
import { reporterFor, reporting } from "./reporting.ts"
import type { Common, Showing } from "./request.ts"
import { usage } from "./usage.ts"

export const checkReporter = ({ json, reporter }: Pick<Showing, "json" | "reporter">) =>
  json && reporter !== undefined && reporter !== "ndjson"
    ? Effect.fail(usage(`--json and --reporter ${reporter} contradict each other`, "leave one of them out"))
    : Effect.void

/** Shows the events of an effect, and leaves the terminal as it was, however it ends. */
export const shown = <A, E, R>(
  { seen, surface }: Context,
  { json, reporter: asked, verbose }: Pick<Showing, "json" | "reporter"> & Pick<Common, "verbose">,
  /** What a person is not told, because something else is said in place of it. */
  untold: ReadonlyArray<Event.Event["_tag"]>,
  use: (reporter: Reporter) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    const name = reporterFor(surface, json ? "ndjson" : asked)
    const reporter = reporting(surface, name, verbose, seen)
    const sink: Event.Sink =
      untold.length === 0 || name === "ndjson"
        ? reporter.sink
        : (event) => {
            if (!untold.includes(event._tag)) reporter.sink(event)
          }
    seen.note = reporter.note
    return use(reporter).pipe(
      Effect.provideService(Event.CurrentSink, sink),
      Effect.ensuring(
        Effect.sync(() => {
          seen.note = undefined
          reporter.close()
        })
      )
    )
  })
