import { execFile } from "node:child_process"
import { randomUUID } from "node:crypto"
import { cp, mkdtemp, realpath, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { type Command, Target } from "@shipshape/core"
import { Django } from "@shipshape/plugin-django"
import { Compose } from "@shipshape/plugin-docker"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type { Edms } from "../test/support/edms.ts"

const execute = promisify(execFile)
const example = fileURLToPath(new URL("../../../examples/edms", import.meta.url))

const environment = (project: string) => `
COMPOSE_PROJECT_NAME=${project}
SECRET_KEY=a-secret-key-for-tests-that-is-long-enough-to-please-django-0123456789
EDMS_MASTER_KEY=a-master-key-for-tests-of-32-characters-and-more
ALLOWED_HOSTS=localhost
DB_NAME=edms
DB_USER=edms
DB_PASSWORD=for-tests-only
EDMS_SECURE=1
`

const layerOf = (directory: string, project: string, oneOff: boolean, opened: Array<Command.Command>) => {
  const machine = Layer.unwrap(
    Effect.map(Target.Target, (target) =>
      Target.layer({
        ...target,
        open: (command) =>
          Effect.andThen(
            Effect.sync(() => opened.push(command)),
            target.open(command)
          )
      })
    )
  ).pipe(Layer.provide(Target.local({ directory })))
  const docker = Compose.project({ directory, project })
  const django = Django.inService({ service: "backend", oneOff })
  return Result.getOrThrow(django.layer(new Map())).pipe(
    Layer.provideMerge(Result.getOrThrow(docker.layer(new Map()))),
    Layer.provideMerge(machine)
  )
}

/** The EDMS in a Compose project of its own. */
export interface Project extends Edms {
  readonly directory: string
  readonly compose: (...args: ReadonlyArray<string>) => Effect.Effect<string>
  readonly write: (path: string, text: string) => Effect.Effect<void>
  readonly sql: (query: string) => Effect.Effect<string>
  /** Containers, volumes and networks of the project. */
  readonly things: Effect.Effect<ReadonlyArray<string>>
  /** The commands that were started to be talked to. */
  readonly opened: Array<Command.Command>
  readonly layer: (oneOff: boolean) => ReturnType<typeof layerOf>
}

const make = async (): Promise<Project & { readonly remove: Effect.Effect<void> }> => {
  const project = `ss-django-${randomUUID().slice(0, 8)}`
  const directory = await realpath(await mkdtemp(join(tmpdir(), `${project}-`)))
  await cp(example, directory, { recursive: true })
  await writeFile(join(directory, ".env"), environment(project))
  const docker = (...args: ReadonlyArray<string>) =>
    Effect.promise(async () => (await execute("docker", [...args], { cwd: directory, maxBuffer: 1 << 26 })).stdout)
  const compose = (...args: ReadonlyArray<string>) => docker("compose", "--project-name", project, ...args)
  const sql = (statement: string) =>
    Effect.asVoid(compose("exec", "-T", "db", "psql", "-v", "ON_ERROR_STOP=1", "-U", "edms", "-c", statement))
  const inBackend = (...args: ReadonlyArray<string>) =>
    Effect.asVoid(compose("run", "--rm", "--no-deps", "-T", "backend", ...args))
  const label = `label=com.docker.compose.project=${project}`
  const things = Effect.map(
    Effect.all([
      docker("ps", "--all", "--filter", label, "--format", "{{.Names}}"),
      docker("volume", "ls", "--filter", label, "--format", "{{.Name}}"),
      docker("network", "ls", "--filter", label, "--format", "{{.Name}}")
    ]),
    (texts) => texts.flatMap((text) => text.split("\n").filter((line) => line !== "")).sort()
  )
  const dump = Effect.map(compose("exec", "-T", "db", "pg_dump", "-U", "edms", "edms"), (text) =>
    // A dump carries a token that is another one each time.
    text.split("\n").filter((line) => !/^\\(un)?restrict /.test(line))
  )
  const opened: Array<Command.Command> = []
  return {
    directory,
    compose,
    opened,
    things,
    write: (path, text) => Effect.promise(() => writeFile(join(directory, path), text)),
    layer: (oneOff) => layerOf(directory, project, oneOff, opened),
    see: Effect.all([dump, Effect.map(things, (names) => names.filter((name) => !name.includes("oneoff")))]),
    unapply: inBackend("python3", "manage.py", "migrate", "documents", "0002"),
    loseStaticFile: inBackend("rm", "/app/staticfiles/admin/css/base.css"),
    loseRole: sql("DELETE FROM users_role WHERE module = 'S3'"),
    sql: (query) => compose("exec", "-T", "db", "psql", "-U", "edms", "-Atc", query),
    changePassword: sql("UPDATE users_user SET password = '!' WHERE username = 'admin'"),
    leaveGroups: sql("DELETE FROM users_user_groups"),
    remove: Effect.promise(async () => {
      await execute("docker", ["compose", "--project-name", project, "down", "--volumes", "--rmi", "local"], {
        cwd: directory
      })
      await execute("docker", ["rmi", "--force", `${project}-backend:latest`]).catch(() => undefined)
      const own = await execute("docker", ["image", "ls", "--all", "--quiet", "--filter", label])
      const ids = [...new Set(own.stdout.split("\n").filter((id) => id !== ""))]
      if (ids.length > 0) await execute("docker", ["rmi", "--force", ...ids])
      await rm(directory, { recursive: true, force: true })
    })
  }
}

/** A project of which nothing is left after the scope. Its images are not built, and nothing runs. */
export const makeProject = Effect.acquireRelease(Effect.promise(make), ({ remove }) => remove)

/** The database with the extensions that the migrations ask for. */
export const databaseUp = ({ compose }: Project) =>
  Effect.andThen(
    compose("up", "--detach", "--wait", "db"),
    compose(
      "exec",
      "-T",
      "db",
      "psql",
      "-U",
      "edms",
      "-c",
      "CREATE EXTENSION pg_trgm",
      "-c",
      "CREATE EXTENSION unaccent"
    )
  )
