/** Stands before a server as PgBouncer does: clients get one of its sessions, for a transaction or for their life. */
import * as net from "node:net"
import * as Effect from "effect/Effect"
import pg from "pg"

/** Which session a client gets: that of whoever was served last, for each transaction; or one of its own. */
export type PoolMode = "transaction" | "session"

/** A pooler for the length of the scope; gives its port. It lets everybody in. */
export const poolerTo = (server: pg.ClientConfig, mode: PoolMode) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const free: Array<net.Socket> = []
      const all: Array<net.Socket> = []
      const listener = net.createServer((client) => {
        all.push(client)
        serve(client, mode, free, async () => {
          const session = await openSession(server)
          all.push(session)
          return session
        })
      })
      await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve))
      const address = listener.address()
      if (address === null || typeof address === "string") throw new TypeError("the pooler has no port")
      return { port: address.port, listener, all }
    }),
    ({ all, listener }) =>
      Effect.sync(() => {
        listener.close()
        for (const socket of all) socket.destroy()
      })
  ).pipe(Effect.map(({ port }) => port))

/** A session that is open and idle, as a bare socket. */
const openSession = async (config: pg.ClientConfig): Promise<net.Socket> => {
  const stream = new net.Socket()
  const client = new pg.Client({ ...config, stream: () => stream })
  client.on("error", () => {})
  await client.connect()
  stream.removeAllListeners("data")
  return stream
}

const message = (type: string, body: Buffer): Buffer => {
  const head = Buffer.alloc(5)
  head.write(type)
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

/** What a client hears when it comes: it is let in, a process that is none, and that it may ask. */
const welcome = Buffer.concat([
  message("R", Buffer.alloc(4)),
  message("K", Buffer.from([0, 0, 0, 7, 0, 0, 0, 7])),
  message("Z", Buffer.from("I"))
])

/** Cuts a stream of bytes into messages of the protocol: their type and their body. */
const reader = (each: (type: string, body: Buffer) => void) => {
  let rest = Buffer.alloc(0)
  return (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 5 && rest.length > rest.readInt32BE(1)) {
      const end = rest.readInt32BE(1) + 1
      each(rest.toString("latin1", 0, 1), rest.subarray(5, end))
      rest = rest.subarray(end)
    }
  }
}

const serve = (client: net.Socket, mode: PoolMode, free: Array<net.Socket>, open: () => Promise<net.Socket>): void => {
  let session: net.Socket | undefined
  let asked = 0
  const release = () => {
    if (session === undefined) return
    session.removeAllListeners("data")
    free.push(session)
    session = undefined
  }
  const answered = (status: string) => {
    asked--
    if (asked === 0 && status === "I" && mode === "transaction") release()
  }
  // One chunk after the other, as a session may have to be opened for the first.
  let order = Promise.resolve()
  const take = async (): Promise<net.Socket> => {
    const got = free.pop() ?? (await open())
    const read = reader((type, body) => {
      client.write(message(type, body))
      if (type === "Z") answered(body.toString())
    })
    got.on("data", read)
    session = got
    return got
  }
  const forward = reader((type, body) => {
    order = order.then(async () => {
      if (type === "X") return release()
      if (type === "S") asked++
      const to = session ?? (await take())
      to.write(message(type, body))
    })
  })
  client.once("data", () => {
    client.write(welcome)
    client.on("data", forward)
  })
  client.on("error", () => client.destroy())
}
