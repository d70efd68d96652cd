/** `pg_dump` and `pg_restore`, where they run and in which version. */
import { Command, type Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import { DumpToolUnfit } from "../PostgresError.ts"

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
  readonly env: Readonly<Record<string, string | Redacted.Redacted<string>>>
  /** The tools that fit a server of this major version. */
  readonly find: (major: number) => Effect.Effect<DumpTools, DumpToolUnfit | Target.RunError | Target.FileError>
}

const fromPath = { dump: "pg_dump", restore: "pg_restore", dumpAll: "pg_dumpall" }

/** Where Debian and its descendants put each version. */
const versionsFolder = "/usr/lib/postgresql"

/** In the server's own container: its tools are of its own version. */
export const inContainer = (operations: Target.Operations, env: DumpHost["env"]): DumpHost => ({
  operations,
  env,
  find: (major) => Effect.succeed({ ...fromPath, version: major })
})

/** On the deployment's target: those of the PATH, or of another installed version that is not older than the server. */
export const onTarget = (operations: Target.Operations, server: string, env: DumpHost["env"]): DumpHost => ({
  operations,
  env,
  find: Effect.fnUntraced(function* (major) {
    const folders = (yield* operations.stat(versionsFolder)) === undefined ? [] : yield* operations.list(versionsFolder)
    const candidates: ReadonlyArray<Omit<DumpTools, "version">> = [
      fromPath,
      ...folders.map((folder) => ({
        dump: `${versionsFolder}/${folder}/bin/pg_dump`,
        restore: `${versionsFolder}/${folder}/bin/pg_restore`,
        dumpAll: `${versionsFolder}/${folder}/bin/pg_dumpall`
      }))
    ]
    const found = yield* Effect.forEach(candidates, (tools) =>
      Effect.map(versionOf(operations, tools.dump), (version) => ({ tools, version }))
    )
    const fit = found
      .flatMap(({ tools, version }) => (version !== undefined && version >= major ? [{ tools, version }] : []))
      .sort((a, b) => a.version - b.version)[0]
    return fit === undefined
      ? yield* unfit(
          operations.name,
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
    hint: `install postgresql-client-${major}, or run the server as a service and use Postgres.inService`
  })
}
