/** `pg_dump` and `pg_restore`, where they run and in which version. */
import * as path from "node:path"
import { Attempt, Command, type Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import { DumpToolUnfit } from "../PostgresError.ts"
import type { Address } from "./address.ts"
import { sessionName } from "./connect.ts"

/** The tools of one folder, or of the PATH. */
export interface DumpTools {
  readonly dump: string
  readonly restore: string
  readonly dumpAll: string
  /** The major version. */
  readonly version: number
}

/** Where the tools run, and how they get to the server from there. */
export interface DumpHost {
  readonly operations: Target.Operations
  /** Whether they see the files of the deployment's target. */
  readonly sharesFiles: boolean
  readonly env: Readonly<Record<string, string | Redacted.Redacted<string>>>
  /** The tools that fit a server of this major version. */
  readonly find: (major: number) => Effect.Effect<DumpTools, DumpToolUnfit | Target.RunError | Target.FileError>
}

/** What a program gets that connects by itself: by its environment, as arguments are seen by every user. */
export const environment = (
  { database, password, user }: Pick<Address, "database" | "password" | "user">,
  route: Readonly<Record<string, string>>
): DumpHost["env"] => ({
  ...route,
  PGUSER: user,
  PGDATABASE: database,
  PGCONNECT_TIMEOUT: "10",
  ...(password === undefined ? {} : { PGPASSWORD: password })
})

/** The same for a server at an address. */
export const environmentAt = (address: Address): DumpHost["env"] => {
  const { ca, host, port, tls } = address
  // Without a file libpq knows nobody: `system` are those that the machine trusts.
  const trusts = tls === "disable" || (tls === "require" && ca === undefined) ? undefined : (ca?.file ?? "system")
  return environment(address, {
    PGHOST: host,
    PGPORT: String(port),
    PGSSLMODE: tls,
    ...(trusts === undefined ? {} : { PGSSLROOTCERT: trusts })
  })
}

/** What a tool gets that connects: the server lists it with the run that it works for. */
export const environmentOf = ({ env }: DumpHost) =>
  Effect.map(Attempt.Current, (attempt) => ({ ...env, PGAPPNAME: sessionName(attempt) }))

const fromPath = { dump: "pg_dump", restore: "pg_restore", dumpAll: "pg_dumpall" }

const fromFolder = (folder: string) => ({
  dump: path.posix.join(folder, "pg_dump"),
  restore: path.posix.join(folder, "pg_restore"),
  dumpAll: path.posix.join(folder, "pg_dumpall")
})

/** Where Debian and its descendants put each version. */
const versionsFolder = "/usr/lib/postgresql"

/** In the server's own container: its tools are of its own version. */
export const inContainer = (operations: Target.Operations, env: DumpHost["env"]): DumpHost => ({
  operations,
  sharesFiles: false,
  env,
  find: (major) => Effect.succeed({ ...fromPath, version: major })
})

/**
 * On the deployment's target: those of the folder that is given; or else those of the PATH, or of another installed version
 * that is not older than the server.
 */
export const onTarget = (
  operations: Target.Operations,
  server: string,
  env: DumpHost["env"],
  given?: string
): DumpHost => ({
  operations,
  sharesFiles: true,
  env,
  find: Effect.fnUntraced(function* (major) {
    const installed =
      given !== undefined || (yield* operations.stat(versionsFolder)) === undefined
        ? []
        : yield* operations.list(versionsFolder)
    const candidates: ReadonlyArray<Omit<DumpTools, "version">> =
      given === undefined
        ? [fromPath, ...installed.map((version) => fromFolder(`${versionsFolder}/${version}/bin`))]
        : [fromFolder(given)]
    const found = yield* Effect.forEach(candidates, (tools) =>
      Effect.map(versionOf(operations, tools.dump), (version) => ({ tools, version }))
    )
    const fit = found
      .flatMap(({ tools, version }) => (version !== undefined && version >= major ? [{ tools, version }] : []))
      .sort((a, b) => a.version - b.version)[0]
    return fit === undefined
      ? yield* unfit(
          given === undefined ? operations.name : `${given} of ${operations.name}`,
          server,
          major,
          found.map(({ version }) => version).filter((v) => v !== undefined)
        )
      : { ...fit.tools, version: fit.version }
  })
})

const versionOf = (
  operations: Target.Operations,
  program: string
): Effect.Effect<number | undefined, Target.RunError> =>
  operations.run(Command.make(program, ["--version"])).pipe(
    Effect.map(({ stdout }) => Number(/(\d+)/.exec(stdout.replace(/^[^)]*\)/, ""))?.[1])),
    Effect.catchTag("CommandNotFound", () => Effect.succeed(undefined))
  )

const unfit = (on: string, server: string, major: number, versions: ReadonlyArray<number>): DumpToolUnfit => {
  const found = [...new Set(versions)].sort((a, b) => a - b).map(String)
  return new DumpToolUnfit({
    server,
    found,
    message:
      found.length === 0
        ? `there is no pg_dump on ${on}, which the backup of ${server} needs`
        : `pg_dump ${found.join(", ")} on ${on} is older than PostgreSQL ${major} at ${server}, and refuses to dump it`,
    hint: `install postgresql-client-${major} (from apt.postgresql.org where the distribution has it not), say in \`tools\` where it is, or run the server as a service and use Postgres.inService`
  })
}
