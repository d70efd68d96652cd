import { Services } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/** Lines of a service's log that a failure shows. */
const shown = 20

/** The end of a service's log under a heading, where a plugin knows how services run. */
export const endOfLog = Effect.fnUntraced(function* (
  service: string | undefined
): Effect.fn.Return<ReadonlyArray<string>> {
  const services = yield* Effect.serviceOption(Services.Services)
  if (service === undefined || Option.isNone(services)) return []
  return yield* services.value.logs(service, { tail: shown }).pipe(
    Effect.map((lines) =>
      lines.length === 0
        ? [`the log of ${service} is empty`]
        : [`the log of ${service} ends with:`, ...lines.slice(-shown)]
    ),
    Effect.catch((error) => Effect.succeed([`the log of ${service} could not be read: ${error.message}`]))
  )
})
