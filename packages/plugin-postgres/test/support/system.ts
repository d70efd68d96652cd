/** The machine's own PostgreSQL, which unlike the embedded one has its tools: one server for a test file. */
import { execFileSync, spawn } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import pg from "pg"

const versions = "/usr/lib/postgresql"

/** Where its programs are; `undefined` where it is not installed. */
export const programs: string | undefined = (fs.existsSync(versions) ? fs.readdirSync(versions) : [])
  .sort((a, b) => Number(b) - Number(a))
  .map((version) => path.join(versions, version, "bin"))
  .find((folder) => fs.existsSync(path.join(folder, "initdb")))

export interface SystemServer {
  /** The folder of its socket. It listens nowhere else. */
  readonly host: string
  readonly user: string
  readonly sql: (database: string, text: string, values?: ReadonlyArray<unknown>) => Promise<pg.QueryResult>
  /** A session that is open until the test ends it. */
  readonly session: (database: string) => Promise<pg.Client>
  /** Makes a database of its own for a test, and gives its name. */
  readonly createDatabase: () => Promise<string>
  readonly stop: () => Promise<void>
}

let made = 0

export const start = async (): Promise<SystemServer> => {
  if (programs === undefined) throw new Error(`no PostgreSQL is installed below ${versions}`)
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "shipshape-system-"))
  // PostgreSQL refuses root; its package has made a user for it.
  const owner =
    process.getuid?.() === 0
      ? { uid: Number(execFileSync("id", ["-u", "postgres"])), gid: Number(execFileSync("id", ["-g", "postgres"])) }
      : {}
  if (owner.uid !== undefined) fs.chownSync(folder, owner.uid, owner.gid)
  fs.chmodSync(folder, 0o755)
  const data = path.join(folder, "data")
  execFileSync(
    path.join(programs, "initdb"),
    ["-D", data, "-U", "postgres", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"],
    { ...owner, cwd: folder }
  )
  const options = ["fsync=off", "listen_addresses=", `unix_socket_directories=${folder}`, "max_prepared_transactions=5"]
  const server = spawn(path.join(programs, "postgres"), ["-D", data, ...options.flatMap((option) => ["-c", option])], {
    ...owner,
    cwd: folder,
    stdio: "ignore"
  })
  const ended = new Promise<void>((resolve) => server.once("exit", () => resolve()))
  const session = async (database: string) => {
    const client = new pg.Client({ host: folder, user: "postgres", database })
    // A session that is ended from outside says so by its next query.
    client.on("error", () => {})
    await client.connect()
    return client
  }
  const sql: SystemServer["sql"] = async (database, text, values = []) => {
    const client = await session(database)
    try {
      return await client.query(text, [...values])
    } finally {
      await client.end()
    }
  }
  const isUp = () =>
    sql("postgres", "SELECT 1").then(
      () => true,
      () => server.exitCode !== null
    )
  while (!(await isUp())) await new Promise((resolve) => setTimeout(resolve, 50))
  return {
    host: folder,
    user: "postgres",
    sql,
    session,
    createDatabase: async () => {
      made += 1
      const name = `Odd "name" ${made}`
      await sql("postgres", `CREATE DATABASE ${pg.escapeIdentifier(name)}`)
      return name
    },
    stop: async () => {
      server.kill("SIGINT")
      await ended
      fs.rmSync(folder, { recursive: true, force: true })
    }
  }
}
