/**
 * URLs, ports and services in memory. The test reads and breaks them at any time; time is the test's clock.
 *
 * @since 0.1.0
 */
import { Services } from "@shipshape/core"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { HealthProbe, type HttpResponse, Unreached } from "../HealthProbe.ts"

/**
 * What a URL answers. `unreached` stands for no answer at all.
 *
 * @since 0.1.0
 */
export interface Answer {
  /** The default is 200. */
  readonly status?: number
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
  /** When the certificate ends, in milliseconds since 1970. */
  readonly certificateEnds?: number
  readonly unreached?: Unreached["problem"]
}

/**
 * An answer; several, each of them `after` so much time since the session began; or a function of the test's own.
 *
 * @since 0.1.0
 */
export type Answers = Answer | ReadonlyArray<Answer & { readonly after?: Duration.Input }> | (() => Answer)

/**
 * A service: its containers, and what they have written.
 *
 * @since 0.1.0
 */
export interface FakeService {
  containers: ReadonlyArray<Services.Container>
  /** Lines with their time in milliseconds since 1970, oldest first. */
  log: ReadonlyArray<{ readonly at: number; readonly text: string }>
}

/**
 * What a world starts with.
 *
 * @since 0.1.0
 */
export interface Options {
  /** Answers by URL; any other URL refuses the connection. */
  readonly urls?: Readonly<Record<string, Answers>>
  /** Ports that take connections, as `host:port`. */
  readonly tcp?: ReadonlyArray<string>
  /** Services by name; what is left out of a container is that of a healthy one. */
  readonly services?: Readonly<Record<string, ReadonlyArray<Partial<Services.Container>>>>
}

/**
 * A world in memory.
 *
 * @since 0.1.0
 */
export interface HealthWorld {
  readonly urls: Map<string, Answers>
  readonly tcp: Set<string>
  readonly services: Map<string, FakeService>
  /** Every request and connection: `GET https://…`, `TCP db:5432`. */
  readonly looks: Array<string>
  /** Writes a line to a service's log, now. */
  readonly write: (service: string, text: string) => Effect.Effect<void>
  readonly layer: Layer.Layer<HealthProbe>
  /** The services, where no plugin's fake world provides them. */
  readonly servicesLayer: Layer.Layer<Services.Services>
}

/**
 * Makes a world.
 *
 * @example
 * ```ts
 * import { defineDeployment } from "@shipshape/core"
 * import { Rehearsal } from "@shipshape/core/testing"
 * import { Health } from "@shipshape/plugin-health"
 * import { HealthWorld } from "@shipshape/plugin-health/testing"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const url = "http://backend/health/"
 * const deployment = defineDeployment("shop", {
 *   environments: { staging: { data: "disposable" } },
 *   plugins: () => [Health.checks({})]
 * }, function*() {
 *   yield* Health.http("backend", { url, timeout: "20 millis", interval: "5 millis" })
 * })
 *
 * const world = HealthWorld.make({ urls: { [url]: { status: 503 } } })
 * const sick = await Effect.runPromise(Rehearsal.apply(deployment, world.layer, { environment: "staging" }))
 * assert.equal(sick.failure?.message.endsWith("it answered 503, not 200 to 299"), true)
 *
 * world.urls.set(url, { status: 200 })
 * const well = await Effect.runPromise(Rehearsal.apply(deployment, world.layer, { environment: "staging" }))
 * assert.equal(well.exitCode, 0)
 * ```
 *
 * @since 0.1.0
 */
export const make = (options: Options = {}): HealthWorld => {
  const urls = new Map<string, Answers>(Object.entries(options.urls ?? {}))
  const tcp = new Set(options.tcp)
  const looks: Array<string> = []
  const services = new Map<string, FakeService>(
    Object.entries(options.services ?? {}).map(([name, containers]) => [
      name,
      { containers: containers.map((fields, i) => ({ ...healthy(`${name}-${i + 1}`), ...fields })), log: [] }
    ])
  )
  const probe = (begunAt: number): HealthProbe["Service"] => ({
    begunAt,
    http: Effect.fnUntraced(function* ({ method, url }) {
      looks.push(`${method} ${url}`)
      return yield* answer(urls.get(url) ?? { unreached: "refused" }, (yield* Clock.currentTimeMillis) - begunAt)
    }),
    tcp: (host, port) =>
      Effect.suspend(() => {
        looks.push(`TCP ${host}:${port}`)
        return tcp.has(`${host}:${port}`) ? Effect.void : Effect.fail(unreached("refused"))
      })
  })
  return {
    urls,
    tcp,
    services,
    looks,
    write: (name, text) =>
      Effect.map(Clock.currentTimeMillis, (at) => {
        const service = services.get(name) ?? { containers: [], log: [] }
        services.set(name, { ...service, log: [...service.log, { at, text }] })
      }),
    layer: Layer.effect(HealthProbe, Effect.map(Clock.currentTimeMillis, probe)),
    servicesLayer: Layer.succeed(Services.Services, {
      containers: (service) => Effect.sync(() => services.get(service)?.containers ?? []),
      logs: (service, { since = 0, tail }) =>
        Effect.sync(() => {
          const lines = (services.get(service)?.log ?? []).filter(({ at }) => at >= since).map(({ text }) => text)
          return tail === undefined ? lines : lines.slice(-tail)
        })
    })
  }
}

const healthy = (name: string): Services.Container => ({
  name,
  image: "fake",
  state: "running",
  health: "healthy",
  restarts: 0,
  startedAt: 0,
  exitCode: undefined
})

const answer = (answers: Answers, elapsed: number): Effect.Effect<HttpResponse, Unreached> => {
  const { body = "", certificateEnds, headers = {}, status = 200, unreached: problem } = current(answers, elapsed)
  return problem === undefined
    ? Effect.succeed({ status, headers, body, certificateEnds })
    : Effect.fail(unreached(problem))
}

const current = (answers: Answers, elapsed: number): Answer => {
  if (typeof answers === "function") return answers()
  if (!isSequence(answers)) return answers
  const begun = answers.filter(({ after = 0 }) => Duration.toMillis(Duration.fromInputUnsafe(after)) <= elapsed)
  return begun.at(-1) ?? { unreached: "refused" }
}

const isSequence = (answers: Answer | ReadonlyArray<Answer>): answers is ReadonlyArray<Answer> => Array.isArray(answers)

const unreached = (problem: Unreached["problem"]): Unreached =>
  new Unreached({
    problem,
    message: problem === "refused" ? "the connection was refused" : `no answer (${problem})`,
    hint: "see whether the service runs",
    retryable: true
  })
