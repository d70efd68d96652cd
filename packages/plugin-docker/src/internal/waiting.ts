import { Progress } from "@shipshape/core"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { ComposeProbe, type Container } from "../ComposeProbe.ts"
import { type DockerFailed, PortTaken, Unhealthy } from "../DockerError.ts"
import { linesOf } from "./classify.ts"
import type { Wanted } from "./upDecision.ts"

/** How often containers are looked at. */
const interval = "500 millis"

/** So many restarts are no accident. */
const restartLimit = 3

/** How many lines of a container's log a failure carries. */
const logLines = 30

/** What has no health check counts as running once it has run so long, in milliseconds: some end as soon as they start. */
export const settleMillis = 1_000

type Verdict = "ready" | "settling" | "waiting" | { readonly problem: string }

const judge = ({ exitCode, health, restartCount, state }: Container, wanted: Wanted): Verdict => {
  if (state === "exited" || state === "dead") {
    return wanted === "completed" && exitCode === 0 ? "ready" : { problem: `has ended with exit code ${exitCode}` }
  }
  if (restartCount >= restartLimit && state === "restarting") {
    return { problem: `keeps restarting: ${restartCount} times, the last exit code was ${exitCode}` }
  }
  if (state !== "running" || wanted === "completed") return "waiting"
  if (health === undefined || wanted !== "healthy") return "settling"
  if (health === "healthy") return "ready"
  return health === "unhealthy" ? { problem: "is unhealthy" } : "waiting"
}

/** What a person reads while it takes its time. */
const stateText = ({ health, state }: Container): string =>
  health === undefined || state !== "running" ? state : health

/** A container's first lines may be older than the start that the engine notes for it, by so many milliseconds. */
const startSlack = 2_000

const failure = Effect.fnUntraced(function* (service: string, problem: string, container: Container | undefined) {
  const probe = yield* ComposeProbe
  const since = container === undefined || container.startedAt === 0 ? undefined : container.startedAt - startSlack
  const printed = yield* probe.logs(service, { tail: logLines, since })
  const lastProbe = container?.lastProbe
  return yield* new Unhealthy({
    service,
    ...(lastProbe === undefined ? {} : { lastProbe }),
    tail: printed.map(({ text }) => text),
    message: `service ${service} ${problem}${lastProbe === undefined || lastProbe === "" ? "" : `: ${lastProbe}`}`,
    hint: `read its log above; \`docker compose logs ${service}\` shows all of it`,
    retryable: true
  })
})

const containersOf = Effect.fnUntraced(function* (wanted: ReadonlyMap<string, Wanted>) {
  const all = yield* (yield* ComposeProbe).containers
  return all.flatMap((container) => {
    const asked = container.oneOff ? undefined : wanted.get(container.service)
    return asked === undefined ? [] : [{ container, verdict: judge(container, asked) }]
  })
})

/** Whether a container has run without a break, also by this machine's clock: that of the engine may be another one. */
const makeSettled = () => {
  const seen = new Map<string, number>()
  return ({ id, startedAt }: Container, now: number): boolean => {
    const run = `${id} ${startedAt}`
    const first = seen.get(run) ?? now
    seen.set(run, first)
    return now - Math.min(first, startedAt) >= settleMillis
  }
}

/** Waits until every service is what it has to be; fails once one cannot get there by itself. */
export const waitFor = Effect.fnUntraced(function* (wanted: ReadonlyMap<string, Wanted>) {
  const said = new Map<string, string>()
  const isSettled = makeSettled()
  while (true) {
    const found = yield* containersOf(wanted)
    const now = yield* Clock.currentTimeMillis
    let ready = true
    for (const { container, verdict } of found) {
      if (typeof verdict === "object") return yield* failure(container.service, verdict.problem, container)
      const text = stateText(container)
      if (said.get(container.name) !== text) yield* Progress.line(`${container.name} is ${text}`)
      said.set(container.name, text)
      if (verdict === "waiting" || (verdict === "settling" && !isSettled(container, now))) ready = false
    }
    if (ready) return
    yield* Effect.sleep(interval)
  }
})

/** The failure of the service that is still waited for. */
export const timedOut = Effect.fnUntraced(function* (wanted: ReadonlyMap<string, Wanted>, limit: string) {
  const found = yield* containersOf(wanted)
  const late = found.find(({ verdict }) => verdict === "waiting")?.container
  const service = late?.service ?? [...wanted.keys()].join(", ")
  const state = late === undefined ? "not up" : stateText(late)
  return yield* failure(service, `is still ${state} after ${limit}`, late)
})

const portTaken = (error: DockerFailed): PortTaken | undefined => {
  const said = linesOf((error.tail ?? []).join("\n"))
  const line = said.find((text) => /port is already allocated|address already in use/.test(text))
  const port =
    /:(?<port>\d+)(?=[^:]*(failed: port is already allocated|: bind: address already in use|: address already in use))/.exec(
      line ?? ""
    )?.groups?.port
  return line === undefined || port === undefined
    ? undefined
    : new PortTaken({
        ports: [{ port: Number(port), owner: "unknown" }],
        message: `port ${port} is taken: ${line}`,
        hint: `\`ss -ltnp\` and \`docker ps --filter publish=${port}\` name what listens there; Compose.preflight finds it before`,
        retryable: true,
        cause: error
      })
}

/** What was wrong when Compose gave up: a taken port, or a container that the others wait for. */
export const explain = Effect.fnUntraced(function* (error: DockerFailed, wanted: ReadonlyMap<string, Wanted>) {
  const port = portTaken(error)
  if (port !== undefined) return yield* port
  for (const { container, verdict } of yield* containersOf(wanted)) {
    if (typeof verdict === "object") return yield* failure(container.service, verdict.problem, container)
  }
  return yield* error
})
