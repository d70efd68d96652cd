import { assert, describe, it } from "@effect/vitest"
import type { Check } from "@shipshape/core"
import { Health } from "@shipshape/plugin-health"
import { HealthWorld } from "@shipshape/plugin-health/testing"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { close, hasOpenssl, httpServer, httpsServer, selfSigned, tcpServer } from "./support/Servers.ts"

type HttpInput = Parameters<typeof Health.http>[1]

/** What a check of a URL finds on the real network: `healthy`, or why not. */
const ask = (input: HttpInput) =>
  Effect.gen(function* () {
    const prepared = yield* Effect.fromResult(Health.http("url", input).prepare(new Map()))
    return summary(yield* prepared.check)
  }).pipe(Effect.provide(Layer.merge(Health.layer, HealthWorld.make().servicesLayer)))

const summary = (check: Check.Check<unknown>): string =>
  check._tag === "Needed" ? check.changes.map((change) => change.summary).join("; ") : "healthy"

const found = (input: HttpInput, expected: string) =>
  Effect.map(ask(input), (actual) =>
    expected === "healthy" ? assert.strictEqual(actual, expected) : assert.include(actual, expected)
  )

describe("a URL", () => {
  it.live("is judged by status, headers and body", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { url } = yield* httpServer((request, response) => {
          response.setHeader("content-type", "application/json")
          response.writeHead(request.url === "/missing" ? 404 : 200)
          response.end(JSON.stringify({ status: "ok", checks: [{ name: "db", ok: true }] }))
        })
        yield* found({ url }, "healthy")
        yield* found({ url: `${url}/missing` }, "/missing is not healthy: it answered 404, not 200 to 299")
        yield* found({ url: `${url}/missing`, status: 404 }, "healthy")
        yield* found({ url, status: { from: 300, to: 399 } }, "it answered 200, not 300 to 399")
        yield* found({ url, headers: { "Content-Type": /json/ } }, "healthy")
        yield* found({ url, headers: { "Content-Type": "text/html" } }, "is “application/json”, not “text/html”")
        yield* found({ url, headers: { "X-Release": /./ } }, "its header X-Release is missing, not /./")
        yield* found({ url, body: { contains: '"ok":true' } }, "healthy")
        yield* found({ url, body: { contains: "Welcome" } }, "its body has no “Welcome”")
        yield* found({ url, body: { matches: /"name":"\w+"/g } }, "healthy")
        yield* found({ url, body: { matches: /^<html/ } }, "its body does not match /^<html/")
        yield* found({ url, body: { json: { status: "ok", "checks.0.ok": true } } }, "healthy")
        yield* found({ url, body: { json: { "checks.0.ok": false } } }, "“checks.0.ok” in its body is true, not false")
        yield* found({ url, body: { json: { "checks.7.ok": true } } }, "“checks.7.ok” in its body is missing, not true")
        yield* found({ url, method: "HEAD", body: { json: {} } }, "its body is not JSON")
      })
    )
  )

  it.live("gets the headers it is to get, secrets among them, and shows no query", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { url } = yield* httpServer((request, response) => {
          response.writeHead(request.headers.authorization === "Bearer t0ken" ? 200 : 401)
          response.end()
        })
        const requestHeaders = { authorization: Redacted.make("Bearer t0ken") }
        yield* found({ url, requestHeaders }, "healthy")
        assert.strictEqual(
          yield* ask({ url: `${url}/a?key=s3cret` }),
          `${url}/a?… is not healthy: it answered 401, not 200 to 299`
        )
      })
    )
  )

  it.live("is redirected only if it may be, and tells nobody else its secrets", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const other = yield* httpServer((request, response) => {
          response.writeHead(request.headers.authorization === undefined ? 200 : 500)
          response.end()
        })
        const { url } = yield* httpServer((request, response) => {
          response.writeHead(302, { location: request.url === "/loop" ? "/loop" : `${other.url}/` })
          response.end()
        })
        yield* found({ url }, `it answered 302, a redirect to ${other.url}/, not 200 to 299`)
        yield* found({ url, followRedirects: true, requestHeaders: { authorization: "Bearer t0ken" } }, "healthy")
        yield* found({ url: `${url}/loop`, followRedirects: true }, "it redirects more than 5 times")
      })
    )
  )

  it.live("that gives no answer says at which point it ended", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const gone = yield* httpServer((_, response) => response.end())
        yield* close(gone.server)
        yield* found({ url: gone.url }, "the connection was refused")
        const silent = yield* httpServer(() => {})
        yield* found({ url: silent.url, requestTimeout: "50 millis" }, "no answer within 50ms")
        const hangsUp = yield* tcpServer((socket) => socket.once("data", () => socket.destroy()))
        yield* found({ url: `http://127.0.0.1:${hangsUp.port}` }, "the connection was closed before an answer came")
        const mail = yield* tcpServer((socket) => socket.once("data", () => socket.end("220 mail.example ESMTP\r\n")))
        yield* found({ url: `http://127.0.0.1:${mail.port}` }, "what answers does not speak HTTP")
        const plain = yield* httpServer((_, response) => response.end())
        yield* found({ url: `https://127.0.0.1:${plain.port}` }, "it does not speak TLS")
        yield* found({ url: "http://nowhere.invalid/" }, "the host's name is not known")
      })
    )
  )

  it.live("that is none is refused before anything runs", () =>
    Effect.gen(function* () {
      const refused = yield* Effect.flip(Effect.fromResult(Health.http("u", { url: "shop/health" }).prepare(new Map())))
      assert.include(refused.message, "expected an absolute http or https URL")
    })
  )
})

describe.skipIf(!hasOpenssl)("a certificate", () => {
  it.live("must be trusted, be for that name, and hold for long enough", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const pair = selfSigned(20)
        const { port } = yield* httpsServer(pair)
        const url = `https://localhost:${port}/`
        yield* found({ url }, "its certificate is signed by nobody this machine trusts")
        yield* found({ url, tls: { ca: pair.cert } }, "healthy")
        yield* found(
          { url: `https://127.0.0.1:${port}/`, tls: { ca: pair.cert } },
          "its certificate is for another name"
        )
        yield* found({ url, tls: { verify: false } }, "healthy")
        yield* found({ url, tls: { verify: false, minDaysLeft: 14 } }, "healthy")
        yield* found(
          { url, tls: { verify: false, minDaysLeft: 30 } },
          "its certificate ends in 19 days, and 30 must be"
        )
      })
    )
  )
})
