/** What a deployment stands on, and how it is taken away: the engine, the disk, the database's connections. */
import { execFileSync } from "node:child_process"
import * as net from "node:net"
import * as path from "node:path"
import { signal } from "../../../test/support/processTree.ts"
import { addMigration } from "./NextRelease.ts"
import type { Project } from "./Project.ts"

/** A migration that waits for as long as there is a table `hold`, and then writes 20 MB. */
export const addHeavyMigration = (project: Project): void =>
  addMigration(project, "0004_heavy", [
    `migrations.RunSQL(
            "DO $$ BEGIN WHILE EXISTS (SELECT FROM pg_tables WHERE tablename = 'hold') LOOP PERFORM pg_sleep(600); END LOOP; END $$",
            migrations.RunSQL.noop,
        )`,
    `migrations.RunSQL(
            "CREATE TABLE heavy AS SELECT n, repeat(md5(n::text), 30) AS body FROM generate_series(1, 20000) n",
            "DROP TABLE heavy",
        )`
  ])

/** The engine behind a socket of its own, so that it can be lost without anybody else losing it. */
export const engineAt = (project: Project): Promise<{ readonly host: string; readonly lose: () => Promise<void> }> => {
  const file = path.join(project.directory, "docker.sock")
  const real = execFileSync("docker", ["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"], {
    encoding: "utf8"
  })
  const connections = new Set<net.Socket>()
  const server = net.createServer({ allowHalfOpen: true }, (client) => {
    const engine = net.connect({ path: real.trim().replace(/^unix:\/\//, ""), allowHalfOpen: true })
    for (const socket of [client, engine]) {
      connections.add(socket)
      socket.once("close", () => connections.delete(socket))
      // A connection that is cut off is what this is for.
      socket.on("error", () => socket.destroy())
    }
    client.pipe(engine).pipe(client)
  })
  return new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen(file, () =>
      resolve({
        host: `unix://${file}`,
        lose: () =>
          new Promise((closed) => {
            server.close(() => closed())
            for (const socket of connections) socket.destroy()
          })
      })
    )
  })
}

/** Gives the database a disk of its own for new tables, of so many megabytes. */
export const smallDisk = (project: Project, megabytes: number) => {
  const pid = project.docker("inspect", "--format", "{{.State.Pid}}", project.inspect("db")?.Id ?? "none").trim()
  const mount = (...args: ReadonlyArray<string>) =>
    execFileSync("nsenter", ["--target", pid, "--mount", "mount", "-t", "tmpfs", ...args])
  project.exec("db", "mkdir", "/small")
  mount("-o", `size=${megabytes}m`, "tmpfs", "/small")
  project.exec("db", "install", "-d", "-o", "postgres", "/small/space")
  project.psql("CREATE TABLESPACE small LOCATION '/small/space'")
  project.psql("ALTER DATABASE edms SET default_tablespace = small")
  return { grow: (to: number) => mount("-o", `remount,size=${to}m`, "tmpfs", "/small") }
}

/** Takes every connection that the database has, until it is told to let go of them. */
export const takeConnections = (project: Project) => {
  const script = `
import os, time, psycopg
kept = []
while True:
    try:
        kept.append(psycopg.connect(host="db", dbname="edms", user="edms", password=os.environ["DB_PASSWORD"]))
    except psycopg.OperationalError:
        time.sleep(0.02)
`
  const id = project.inspect("backend")?.Id ?? "none"
  project.docker("exec", "--detach", id, "python3", "-c", script)
  const pids = () =>
    project
      .docker("top", id, "-eo", "pid,args")
      .split("\n")
      .filter((line) => line.includes("psycopg.connect"))
      .map((line) => Number.parseInt(line, 10))
  return {
    letGo: () => {
      for (const pid of pids()) signal(pid, "SIGKILL")
    }
  }
}
