import { Services } from "@shipshape/core"
import * as Effect from "effect/Effect"
import type { ComposeProbe, Container } from "../ComposeProbe.ts"

const containerOf = ({
  exitCode,
  health,
  image,
  name,
  restartCount,
  startedAt,
  state
}: Container): Services.Container => ({
  name,
  image,
  state,
  health: health ?? "none",
  restarts: restartCount,
  startedAt: startedAt === 0 ? undefined : startedAt,
  exitCode: state === "exited" || state === "dead" ? exitCode : undefined
})

const unreadable = (service: string) => (error: { readonly message: string; readonly hint: string }) =>
  new Services.ServicesUnreadable({ service, message: error.message, hint: error.hint, cause: error })

/** What other plugins may ask about the project's services. */
export const makeServices = (probe: ComposeProbe["Service"]): Services.Services["Service"] => ({
  containers: (service) =>
    Effect.mapBoth(probe.state(service), {
      onFailure: unreadable(service),
      onSuccess: (containers) => containers.map(containerOf)
    }),
  logs: (service, range) =>
    Effect.mapBoth(probe.logs(service, range), {
      onFailure: unreadable(service),
      onSuccess: (lines) => lines.map(({ text }) => text)
    })
})
