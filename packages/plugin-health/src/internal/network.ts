/** The only file that knows Node's network modules. */

import * as nodeHttp from "node:http"
import * as https from "node:https"
import * as net from "node:net"
import { TLSSocket } from "node:tls"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import { type HttpRequest, type HttpResponse, Unreached } from "../HealthProbe.ts"

const maxRedirects = 5
const maxBody = 1024 * 1024

type Problem = readonly [problem: Unreached["problem"], message: string, hint: string]

const refused: Problem = [
  "refused",
  "the connection was refused",
  "nothing listens there: see whether the service runs, and at which address and port it listens"
]
const network: Problem = ["network", "the host cannot be reached", "check the address, the route and the firewall"]
const closed: Problem = [
  "closed",
  "the connection was closed before an answer came",
  "the server, or a proxy before it, hangs up: read its log"
]
const name: Problem = ["name", "the host's name is not known", "correct the name, or its DNS record"]
const untrusted: Problem = [
  "tls",
  "its certificate is signed by nobody this machine trusts",
  "give the authority's certificate as `tls.ca`, or install a certificate that is trusted"
]
const noHttp: Problem = [
  "protocol",
  "what answers does not speak HTTP",
  "correct the port, or write https instead of http"
]

const problems: Readonly<Record<string, Problem>> = {
  ECONNREFUSED: refused,
  ECONNRESET: closed,
  EPIPE: closed,
  EHOSTUNREACH: network,
  ENETUNREACH: network,
  EADDRNOTAVAIL: network,
  ENOTFOUND: name,
  EAI_AGAIN: name,
  ETIMEDOUT: ["timeout", "the connection timed out", "check the address and the firewall"],
  CERT_HAS_EXPIRED: ["tls", "its certificate has expired", "renew the certificate"],
  CERT_NOT_YET_VALID: ["tls", "its certificate is not valid yet", "check the clocks of both machines"],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    "tls",
    "its certificate is for another name",
    "use the name in the certificate, or have one made for this name"
  ],
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  EPROTO: ["tls", "it does not speak TLS as expected", "correct the port, or write http instead of https"],
  ERR_SSL_WRONG_VERSION_NUMBER: ["tls", "it does not speak TLS", "correct the port, or write http instead of https"]
}

const unreached = (cause: unknown): Unreached => {
  const code = Predicate.hasProperty(cause, "code") && Predicate.isString(cause.code) ? cause.code : ""
  const known = problems[code] ?? (code.startsWith("HPE_") ? noHttp : undefined)
  const text = Predicate.isError(cause) ? cause.message : String(cause)
  const [problem, message, hint] = known ?? (["other", text, "read the message; try the URL by hand"] as const)
  return new Unreached({ problem, message, hint, retryable: true, cause })
}

const withinTime = <A>(effect: Effect.Effect<A, Unreached>, timeout: Duration.Duration): Effect.Effect<A, Unreached> =>
  Effect.timeoutOrElse(effect, {
    duration: timeout,
    orElse: () =>
      Effect.fail(
        new Unreached({
          problem: "timeout",
          message: `no answer within ${Duration.format(timeout)}`,
          hint: "see whether the service is busy or hangs; `requestTimeout` says how long one look may take",
          retryable: true
        })
      )
  })

/** Connects, and closes the connection at once. */
export const tcp = (host: string, port: number, timeout: Duration.Duration): Effect.Effect<void, Unreached> =>
  withinTime(
    Effect.callback<void, Unreached>((resume) => {
      const socket = net.connect({ host, port })
      socket.once("connect", () => {
        socket.destroy()
        resume(Effect.void)
      })
      socket.once("error", (error) => resume(Effect.fail(unreached(error))))
      return Effect.sync(() => socket.destroy())
    }),
    timeout
  )

/** Sends a request over a connection of its own, and follows redirects if it may. */
export const http = (request: HttpRequest): Effect.Effect<HttpResponse, Unreached> =>
  withinTime(follow(request, maxRedirects), request.timeout)

const follow = Effect.fnUntraced(function* (
  request: HttpRequest,
  left: number
): Effect.fn.Return<HttpResponse, Unreached> {
  const response = yield* send(request)
  const location = response.headers.location
  if (!request.followRedirects || location === undefined || response.status < 300 || response.status > 399) {
    return response
  }
  if (left === 0) {
    return yield* new Unreached({
      problem: "redirects",
      message: `it redirects more than ${maxRedirects} times, last to ${location}`,
      hint: "look for a redirect loop between the proxy and the application"
    })
  }
  const next = new URL(location, request.url)
  // What was meant for one server is not shown to another.
  const headers = next.origin === new URL(request.url).origin ? request.headers : {}
  return yield* follow({ ...request, url: next.href, headers }, left - 1)
})

const send = (request: HttpRequest): Effect.Effect<HttpResponse, Unreached> =>
  Effect.callback<HttpResponse, Unreached>((resume, signal) => {
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([key, value]) => [
        key,
        Redacted.isRedacted(value) ? Redacted.value(value) : value
      ])
    )
    const options: https.RequestOptions = {
      method: request.method,
      headers,
      signal,
      agent: false,
      rejectUnauthorized: request.verify,
      ...(request.ca === undefined ? {} : { ca: request.ca })
    }
    const url = new URL(request.url)
    const client = url.protocol === "https:" ? https : nodeHttp
    const sent = client.request(url, options, (message) => {
      const certificateEnds = endOfCertificate(message.socket)
      let body = ""
      const done = () =>
        resume(Effect.succeed({ status: message.statusCode ?? 0, headers: headersOf(message), body, certificateEnds }))
      message.setEncoding("utf8")
      message.on("data", (chunk: string) => {
        body += chunk
        if (body.length < maxBody) return
        done()
        message.destroy()
      })
      message.once("end", done)
      message.once("error", (error) => resume(Effect.fail(unreached(error))))
    })
    sent.once("error", (error) => resume(Effect.fail(unreached(error))))
    sent.end()
  })

const headersOf = (message: nodeHttp.IncomingMessage): Record<string, string> =>
  Object.fromEntries(Object.entries(message.headersDistinct).map(([key, values]) => [key, (values ?? []).join(", ")]))

const endOfCertificate = (socket: net.Socket): number | undefined => {
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined
  return certificate === undefined ? undefined : Date.parse(certificate.validTo)
}
