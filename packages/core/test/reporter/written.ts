import type { Event } from "@shipshape/core"
import type { Reporter } from "@shipshape/core/reporter"

/** All that a reporter writes of some events. */
export const written = (
  make: (write: (text: string) => void) => Reporter,
  events: ReadonlyArray<Event.Event>
): string => {
  let text = ""
  const reporter = make((more) => {
    text += more
  })
  events.forEach(reporter.sink)
  reporter.close()
  return text
}
