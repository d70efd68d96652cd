/**
 * A copy of the example that a test deploys with the product's real command line, under a project name, ports and volumes
 * of its own; and questions to the result that go past the SDK: docker, psql, HTTP.
 */
import { spawn, spawnSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import * as fs from "node:fs"
import * as http from "node:http"
import * as net from "node:net"
import * as path from "node:path"
import { Event, Plan } from "@shipshape/core"
import * as Schema from "effect/Schema"

const example = path.dirname(import.meta.dirname)

/** What the command line left. */
interface Ran {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

export interface Project {
  readonly name: string
  readonly directory: string
  readonly frontend: string
  readonly backend: string
  readonly secrets: ReadonlyArray<string>
  /** The deployment's inputs, as variables of the environment; a test may give others. */
  readonly inputs: Record<string, string>
  readonly cli: (args: ReadonlyArray<string>, env?: Readonly<Record<string, string>>) => Promise<Ran>
  readonly plan: (args?: ReadonlyArray<string>) => Promise<Plan.Plan>
  readonly apply: (args?: ReadonlyArray<string>) => Promise<Applied>
  readonly rollback: (args?: ReadonlyArray<string>) => Promise<Applied>
  /** The container of a service, as `docker inspect` shows it; `undefined` where there is none. */
  readonly inspect: (service: string) => Inspected | undefined
  readonly exec: (service: string, ...argv: ReadonlyArray<string>) => string
  /** The rows of a query, as psql prints them without any decoration. */
  readonly psql: (sql: string) => ReadonlyArray<string>
  readonly docker: (...args: ReadonlyArray<string>) => string
  readonly remove: () => void
}

interface Inspected {
  readonly Id: string
  readonly Image: string
  readonly RestartCount: number
  readonly State: { readonly Status: string; readonly StartedAt: string; readonly Health?: { readonly Status: string } }
}

/** An apply: how it ended, and which steps it applied. */
interface Applied extends Ran {
  readonly events: ReadonlyArray<Event.Event>
  readonly applied: ReadonlyArray<string>
  readonly finished: Extract<Event.Event, { readonly _tag: "RunFinished" }>
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = net.createServer()
    server.once("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => (typeof address === "object" && address !== null ? resolve(address.port) : reject(address)))
    })
  })

/** Asks over a connection of its own: a server may close one that waits for the next question. */
export const get = (
  url: string,
  headers: Readonly<Record<string, string>> = {}
): Promise<{ readonly status: number | undefined; readonly contentType: string; readonly body: string }> =>
  new Promise((resolve, reject) => {
    http
      .get(url, { headers, agent: false }, (response) => {
        let body = ""
        response.setEncoding("utf8").on("data", (chunk: string) => {
          body += chunk
        })
        response.once("end", () =>
          resolve({ status: response.statusCode, contentType: response.headers["content-type"] ?? "", body })
        )
      })
      .once("error", reject)
  })

const output = (program: string, args: ReadonlyArray<string>, cwd?: string): string => {
  const { error, status, stderr, stdout } = spawnSync(program, args, { cwd, encoding: "utf8" })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${status}: ${stderr}`)
  return stdout
}

/** Copies the example and gives it names, ports and secrets of its own. Nothing is running yet. */
export const make = async (environment: "staging" | "production"): Promise<Project> => {
  const name = `ss-edms-${randomBytes(3).toString("hex")}`
  const directory = path.join(example, ".test", name)
  fs.mkdirSync(directory, { recursive: true })
  for (const file of ["backend", "frontend", "compose.yml", `compose.${environment}.yml`, "deploy.ts"]) {
    fs.cpSync(path.join(example, file), path.join(directory, file), { recursive: true })
  }
  const [backendPort, frontendPort] = [await freePort(), await freePort()]
  const secret = (label: string) => `${label}-${randomBytes(12).toString("hex")}`
  const [dbPassword, adminPassword, userPassword] = [secret("db'$pw"), secret("admin"), secret("user")]
  const inputs: Record<string, string> = {
    COMPOSE_PROJECT_NAME: name,
    EDMS_BACKEND_PORT: String(backendPort),
    EDMS_FRONTEND_PORT: String(frontendPort),
    EDMS_DB_PASSWORD: dbPassword,
    EDMS_ADMIN_PASSWORD: adminPassword,
    EDMS_USER_PASSWORD: userPassword
  }
  const secrets = [dbPassword, adminPassword, userPassword]
  const frontend = `http://127.0.0.1:${frontendPort}`
  const backend = `http://127.0.0.1:${backendPort}`

  const cli: Project["cli"] = (args, env = {}) =>
    new Promise((resolve, reject) => {
      const child = spawn(
        process.execPath,
        ["--conditions=@shipshape/source", "deploy.ts", ...args, "--env", environment],
        {
          cwd: directory,
          env: { ...process.env, ...inputs, NO_COLOR: "1", ...env },
          stdio: ["ignore", "pipe", "pipe"]
        }
      )
      const chunks = { stdout: "", stderr: "" }
      child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
        chunks.stdout += chunk
      })
      child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
        chunks.stderr += chunk
      })
      child.once("error", reject)
      child.once("close", (code) => {
        const all = chunks.stdout + chunks.stderr
        for (const value of secrets) if (all.includes(value)) reject(new Error(`a secret was printed:\n${all}`))
        resolve({ exitCode: code ?? -1, ...chunks })
      })
    })

  const change = async (command: "apply" | "rollback", args: ReadonlyArray<string>): Promise<Applied> => {
    const ran = await cli([command, "--yes", "--json", ...args])
    const events = ran.stdout
      .trim()
      .split("\n")
      .map((line) => Schema.decodeUnknownSync(Event.Event)(JSON.parse(line)))
    const finished = events.at(-1)
    if (finished?._tag !== "RunFinished") throw new Error(`no end: ${ran.stdout.slice(-2000)}${ran.stderr}`)
    const applied = events.flatMap((e) => (e._tag === "StepFinished" && e.outcome === "applied" ? [e.id] : []))
    const failure = finished.failure === undefined ? "" : JSON.stringify(finished.failure, undefined, 2)
    return { ...ran, stderr: `${ran.stderr}${failure}`, events, finished, applied }
  }

  const docker: Project["docker"] = (...args) => output("docker", args)
  const container = (service: string): string | undefined =>
    docker(
      "ps",
      "--all",
      "--quiet",
      "--filter",
      `label=com.docker.compose.project=${name}`,
      "--filter",
      `label=com.docker.compose.service=${service}`,
      "--filter",
      "label=com.docker.compose.oneoff=False"
    ).trim() || undefined
  const exec: Project["exec"] = (service, ...argv) =>
    docker("exec", "--user", "0", container(service) ?? service, ...argv)

  return {
    name,
    directory,
    frontend,
    backend,
    secrets,
    inputs,
    cli,
    docker,
    exec,
    plan: async (args = []) => {
      const ran = await cli(["plan", "--json", ...args])
      if (ran.stdout.trim() === "") throw new Error(`no plan: ${ran.stderr}`)
      return Schema.decodeUnknownSync(Plan.Plan)(JSON.parse(ran.stdout))
    },
    apply: (args = []) => change("apply", args),
    rollback: (args = []) => change("rollback", args),
    inspect: (service) => {
      const id = container(service)
      return id === undefined ? undefined : (JSON.parse(docker("inspect", id)) as ReadonlyArray<Inspected>)[0]
    },
    psql: (sql) =>
      exec(
        "db",
        "psql",
        "--username",
        "edms",
        "--dbname",
        "edms",
        "--no-psqlrc",
        "--tuples-only",
        "--no-align",
        "-c",
        sql
      )
        .trim()
        .split("\n")
        .filter((line) => line !== ""),
    remove: () => {
      const labelled = ["--filter", `label=com.docker.compose.project=${name}`]
      const ids = (...args: ReadonlyArray<string>) =>
        docker(...args, ...labelled)
          .split("\n")
          .filter((id) => id !== "")
      for (const id of ids("ps", "--all", "--quiet")) docker("rm", "--force", "--volumes", id)
      for (const id of ids("volume", "ls", "--quiet")) docker("volume", "rm", "--force", id)
      for (const id of ids("network", "ls", "--quiet")) docker("network", "rm", id)
      // By name: a test may have given the name to an image that others use. Then those that have lost their names.
      const names = ["images", "--format", "{{.Repository}}:{{.Tag}}", "--filter"]
      for (const reference of [`${name}-*`, `shipshape/${name}-*`]) {
        const found = docker(...names, `reference=${reference}`).split("\n")
        for (const image of found.filter((line) => line !== "")) docker("rmi", "--force", image)
      }
      for (const id of ids("images", "--quiet", "--filter", "dangling=true")) docker("rmi", "--force", id)
      fs.rmSync(directory, { recursive: true, force: true })
    }
  }
}
