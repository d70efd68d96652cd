/** Real servers on free ports of this machine, which end with the scope. */

import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import * as http from "node:http"
import * as https from "node:https"
import * as net from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"

/** Listens on a free port, or on the one it had before. */
export const listen = (server: net.Server, port = 0): Effect.Effect<number> =>
  Effect.callback((resume) => {
    server.once("error", (error) => resume(Effect.die(error)))
    server.listen(port, "127.0.0.1", () => {
      const address = server.address()
      resume(address !== null && typeof address === "object" ? Effect.succeed(address.port) : Effect.die(address))
    })
  })

export const close = (server: net.Server): Effect.Effect<void> =>
  Effect.callback((resume) => {
    if (server instanceof http.Server) server.closeAllConnections()
    server.close(() => resume(Effect.void))
  })

const serving = <S extends net.Server>(make: () => S) =>
  Effect.gen(function* () {
    const server = yield* Effect.acquireRelease(Effect.sync(make), close)
    return { server, port: yield* listen(server) }
  })

/** An HTTP server; the methods it was asked with are kept. */
export const httpServer = (handle: http.RequestListener) =>
  Effect.gen(function* () {
    const methods = new Set<string>()
    const { port, server } = yield* serving(() =>
      http.createServer((request, response) => {
        methods.add(request.method ?? "")
        handle(request, response)
      })
    )
    return { server, methods, port, url: `http://127.0.0.1:${port}` }
  })

export const tcpServer = (handle: (socket: net.Socket) => void = () => {}) => serving(() => net.createServer(handle))

/** A certificate that nobody trusts, for `localhost`, valid for so many days. */
export const selfSigned = (days: number) => {
  const directory = mkdtempSync(join(tmpdir(), "shipshape-tls-"))
  const [key, cert] = [join(directory, "key.pem"), join(directory, "cert.pem")]
  const words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key]
  const rest = ["-out", cert, "-days", `${days}`, "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
  const { status, stderr } = spawnSync("openssl", [...words, ...rest], { encoding: "utf8" })
  if (status !== 0) throw new Error(`openssl: ${stderr}`)
  const made = { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") }
  rmSync(directory, { recursive: true })
  return made
}

export const httpsServer = (pair: { readonly key: string; readonly cert: string }) =>
  serving(() => https.createServer(pair, (_, response) => response.end("ok")))

export const hasOpenssl = spawnSync("openssl", ["version"]).status === 0
