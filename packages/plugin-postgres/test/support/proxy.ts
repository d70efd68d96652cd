import * as net from "node:net"
import * as Effect from "effect/Effect"

interface Proxy {
  readonly port: number
  /** How often the client has spoken after the server: that is what a slow line makes expensive. */
  turns: number
  /** Whether the next word of a client breaks its connection. */
  cutNext: boolean
  /** Whether nothing comes through any more, and nobody is told. */
  silent: boolean
}

/** Stands between a client and a server on this machine, for the length of the scope. */
export const proxyTo = (serverPort: number) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const listener = net.createServer((client) => {
        const server = net.connect(serverPort, "127.0.0.1")
        let last: "client" | "server" = "server"
        client.on("data", (chunk) => {
          if (proxy.silent) return
          if (last === "server") proxy.turns++
          last = "client"
          if (proxy.cutNext) client.destroy()
          else server.write(chunk)
          proxy.cutNext = false
        })
        server.on("data", (chunk) => {
          if (proxy.silent) return
          last = "server"
          client.write(chunk)
        })
        client.on("close", () => server.destroy()).on("error", () => server.destroy())
        server.on("close", () => client.destroy()).on("error", () => client.destroy())
      })
      await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve))
      const address = listener.address()
      if (address === null || typeof address === "string") throw new TypeError("the proxy has no port")
      const proxy: Proxy = { port: address.port, turns: 0, cutNext: false, silent: false }
      return { proxy, listener }
    }),
    ({ listener }) => Effect.sync(() => listener.close())
  ).pipe(Effect.map(({ proxy }) => proxy))
