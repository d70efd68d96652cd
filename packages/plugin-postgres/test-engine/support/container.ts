/** A PostgreSQL in a container that publishes no port, and that container as a target. */
import { execFile } from "node:child_process"
import { randomUUID } from "node:crypto"
import { promisify } from "node:util"
import { type Command, Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import pg from "pg"

const execute = promisify(execFile)

export const docker = async (...args: ReadonlyArray<string>): Promise<string> =>
  (await execute("docker", [...args], { maxBuffer: 64 * 1024 * 1024 })).stdout.trim()

export const user = "app"
const password = "it's a p@ss word"
export const secret = Redacted.make(password)

export interface Container {
  readonly name: string
  /** Starts the server, and leaves it initialising. */
  readonly run: (...postgresFlags: ReadonlyArray<string>) => Promise<void>
  /** A session that is open until the test ends it. */
  readonly session: (database: string) => Promise<pg.Client>
  readonly remove: () => Promise<void>
  readonly createDatabase: () => Promise<string>
  /** Runs SQL as the superuser, beside what is tested. */
  readonly sql: (database: string, text: string, values?: ReadonlyArray<unknown>) => Promise<pg.QueryResult>
  /** Where the container is for this machine; nothing is published. */
  readonly address: () => Promise<string>
  /** The containers of a deployment, and this machine. */
  readonly target: Layer.Layer<Target.Target | Target.TargetProbe | Target.Containers>
  /** The same, as if the container had these programs alone. */
  readonly having: (...programs: ReadonlyArray<string>) => Container["target"]
}

export const make = (): Container => {
  const name = `ss-postgres-${randomUUID().slice(0, 8)}`
  const address = () => docker("inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", name)
  const session: Container["session"] = async (database) => {
    const client = new pg.Client({ host: await address(), port: 5432, user, password, database })
    // A session that is ended from outside says so by its next query.
    client.on("error", () => {})
    await client.connect()
    return client
  }
  const sql: Container["sql"] = async (database, text, values = []) => {
    const client = await session(database)
    try {
      return await client.query(text, [...values])
    } finally {
      await client.end()
    }
  }
  return {
    name,
    run: async (...postgresFlags) => {
      const env = [`POSTGRES_USER=${user}`, `POSTGRES_PASSWORD=${password}`, "POSTGRES_DB=app"]
      // A disk of the server that a test can fill.
      const disk = ["--tmpfs", "/small:size=28m,uid=999,gid=999,mode=700"]
      const words = env.flatMap((word) => ["-e", word])
      await docker("run", "-d", "--name", name, ...disk, ...words, "postgres:17", "-c", "fsync=off", ...postgresFlags)
    },
    remove: async () => {
      await docker("rm", "-fv", name)
    },
    createDatabase: async () => {
      const database = `test_${randomUUID().replaceAll("-", "")}`
      await sql("app", `CREATE DATABASE ${database}`)
      return database
    },
    sql,
    session,
    address,
    target: target(name),
    having: (...programs) =>
      Layer.unwrap(
        Effect.promise(async () => {
          const folder = `/tmp/only-${programs.join("-")}`
          await docker("exec", name, "mkdir", "-p", folder)
          for (const program of ["sh", ...programs]) {
            await docker("exec", name, "ln", "-sf", `/usr/bin/${program}`, `${folder}/${program}`)
          }
          return target(name, ["-e", `PATH=${folder}`])
        })
      )
  }
}

const target = (name: string, words: ReadonlyArray<string> = []): Container["target"] =>
  Layer.provideMerge(
    Layer.effect(
      Target.Containers,
      Effect.map(Target.Target, (machine) => ({
        service: () => inside(name, words, machine),
        oneOff: () => inside(name, words, machine),
        revision: () => Effect.succeed(name)
      }))
    ),
    Target.local()
  )

const inside = (name: string, more: ReadonlyArray<string>, machine: Target.Operations): Target.Operations => {
  const words = ({ args, env = {}, program, ...options }: Command.Command): Command.Command => ({
    ...options,
    env,
    program: "docker",
    args: ["exec", "-i", ...more, ...Object.keys(env).flatMap((variable) => ["-e", variable]), name, program, ...args]
  })
  const unavailable = <E extends Target.RunError>(error: E) =>
    error._tag === "CommandFailed" && /No such container|is not running/.test(error.stderr)
      ? new Target.TargetUnavailable({
          target: "service db",
          resource: "service:db",
          message: "service db does not run",
          hint: "bring it up",
          retryable: true
        })
      : error
  return {
    ...machine,
    name: "service db",
    resource: "service:db",
    run: (command) => Effect.mapError(machine.run(words(command)), unavailable),
    open: (command) => Effect.mapError(machine.open(words(command)), unavailable)
  }
}
