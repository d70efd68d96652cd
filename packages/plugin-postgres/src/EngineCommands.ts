import { type Command, Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Result from "effect/Result"
import { BackupEngineFailed, type EngineBackup, EngineControl, EngineProbe } from "./EngineServices.ts"
import * as commands from "./internal/engine/commands.ts"
import * as pgBackRestReading from "./internal/engine/pgBackRest.ts"
import * as walGReading from "./internal/engine/walG.ts"

/**
 * An engine that is a program of the deployment's target.
 *
 * @since 0.1.0
 */
export interface Commands {
  /** How messages name it: `pgBackRest main`. */
  readonly name: string
  /** What it backs up: `cluster main`. */
  readonly of: string
  /** Lists the backups. It must not change anything: checks run it. */
  readonly list: Command.Command
  /** Reads what `list` has printed, or says why it cannot. */
  readonly read: (printed: string) => Result.Result<ReadonlyArray<EngineBackup>, string>
  /** Takes a backup, one command after the other. */
  readonly take: ReadonlyArray<Command.Command>
  /** Puts a backup in the place of the data. Without it a rollback with `--data` is refused. */
  readonly restore?: EngineRestoring | undefined
}

/**
 * How an engine restores.
 *
 * @since 0.1.0
 */
export interface EngineRestoring {
  /** Stops the server, restores, starts it, one command after the other. */
  readonly commands: (name: string) => ReadonlyArray<Command.Command>
  /** A file on the target in which it is noted what was restored last, and when. */
  readonly record: string
}

/**
 * An engine by its commands: each is a program with arguments, and never a line of a shell.
 *
 * @example
 * ```ts
 * import { Command } from "@shipshape/core"
 * import { FakeTarget } from "@shipshape/core/testing"
 * import { BackupEngine } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 * import * as Result from "effect/Result"
 *
 * const engine = BackupEngine.byCommands({
 *   name: "tape", of: "cluster main",
 *   list: Command.make("tape", ["list"]),
 *   read: (printed) => Result.succeed(printed.split("\n").map((name) => ({ name, takenAt: 0, bytes: 1, sha256: name }))),
 *   take: [Command.make("tape", ["write"])]
 * })
 * const target = FakeTarget.make({ run: () => ({ stdout: "monday" }) })
 * const names = Effect.flatMap(BackupEngine.EngineProbe, ({ backups }) => Effect.map(backups, (all) => all.map((one) => one.name)))
 * const run = names.pipe(Effect.provide(engine), Effect.provide(FakeTarget.layer(target)))
 * assert.deepEqual(await Effect.runPromise(run), ["monday"])
 * ```
 *
 * @since 0.1.0
 */
export const byCommands = (
  engine: Commands
): Layer.Layer<EngineProbe | EngineControl, never, Target.Target | Target.TargetProbe> => {
  const { name, of, restore } = engine
  const failed = (message: string, hint: string) => Effect.fail(new BackupEngineFailed({ engine: name, message, hint }))
  return Layer.merge(
    Layer.effect(
      EngineProbe,
      Effect.map(Target.TargetProbe, (reads) => ({
        name,
        of,
        backups: Effect.flatMap(commands.listed(reads, engine), (read) =>
          read._tag === "Success"
            ? Effect.succeed(read.success)
            : failed(`${name} says what nobody understands: ${read.failure}`, "run it by hand, and look at its version")
        ),
        restored: commands.restored(reads, engine)
      }))
    ),
    Layer.effect(
      EngineControl,
      Effect.map(Target.Target, (target) => ({
        take: commands.inOrder(target, engine.take),
        restore: (backup: string) =>
          restore === undefined
            ? failed(`${name} was not told how to restore`, "restore by hand, and roll back without --data")
            : commands.restoring(target, restore, backup)
      }))
    )
  )
}

/**
 * [pgBackRest](https://pgbackrest.org): what `pgbackrest info` lists. A backup in which it has found a damaged page does not
 * count.
 *
 * - `stanza`: what it calls the cluster.
 * - `program`: where it is. The default is that of the PATH.
 * - `arguments`: more arguments of every command, such as `--config=/etc/pgbackrest/main.conf`.
 * - `type`: of the backups that are taken: `full`, `diff`, or `incr`, the default.
 * - `as`: runs it as another user of the system, such as `postgres`, by `runuser`.
 * - `restore`: how to restore, see {@link Commands}.
 *
 * @example
 * ```ts
 * import { Command } from "@shipshape/core"
 * import { BackupEngine } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 *
 * const engine = BackupEngine.pgBackRest({
 *   stanza: "main",
 *   as: "postgres",
 *   restore: {
 *     record: "/var/lib/pgbackrest/shipshape.json",
 *     commands: (name) => [
 *       Command.make("systemctl", ["stop", "postgresql@17-main"]),
 *       Command.make("runuser", ["-u", "postgres", "--", "pgbackrest", "--stanza=main", "--delta", `--set=${name}`,
 *         "--type=immediate", "--target-action=promote", "restore"]),
 *       Command.make("systemctl", ["start", "postgresql@17-main"])
 *     ]
 *   }
 * })
 * assert.equal(Command.format(engine.list), "runuser -u postgres -- pgbackrest --stanza=main info --output=json")
 * ```
 *
 * @since 0.1.0
 */
export const pgBackRest = (options: {
  readonly stanza: string
  readonly program?: string | undefined
  readonly arguments?: ReadonlyArray<string> | undefined
  readonly type?: "full" | "diff" | "incr" | undefined
  readonly as?: string | undefined
  readonly restore?: EngineRestoring | undefined
}): Commands => {
  const { as, program = "pgbackrest", restore, stanza, type = "incr" } = options
  const run = commands.program(program, [`--stanza=${stanza}`, ...(options.arguments ?? [])], as)
  return {
    name: `pgBackRest ${stanza}`,
    of: `cluster ${stanza}`,
    list: run("info", "--output=json"),
    read: pgBackRestReading.read(stanza),
    take: [run(`--type=${type}`, "backup")],
    restore
  }
}

/**
 * [WAL-G](https://github.com/wal-g/wal-g): what `wal-g backup-list --detail --json` lists.
 *
 * - `data`: the folder of the cluster, which `backup-push` reads.
 * - `program`: where it is. The default is that of the PATH.
 * - `arguments`: more arguments of every command, such as `--config=/etc/wal-g.yaml`, where the storage and its key stand.
 * - `as`: runs it as another user of the system, such as `postgres`, by `runuser`.
 * - `restore`: how to restore, see {@link Commands}.
 *
 * @example
 * ```ts
 * import { Command } from "@shipshape/core"
 * import { BackupEngine } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 *
 * const engine = BackupEngine.walG({ data: "/var/lib/postgresql/17/main", arguments: ["--config=/etc/wal-g.yaml"] })
 * assert.deepEqual(engine.take.map(Command.format), [
 *   "wal-g --config=/etc/wal-g.yaml backup-push /var/lib/postgresql/17/main"
 * ])
 * ```
 *
 * @since 0.1.0
 */
export const walG = (options: {
  readonly data: string
  readonly program?: string | undefined
  readonly arguments?: ReadonlyArray<string> | undefined
  readonly as?: string | undefined
  readonly restore?: EngineRestoring | undefined
}): Commands => {
  const { as, data, program = "wal-g", restore } = options
  const run = commands.program(program, options.arguments ?? [], as)
  return {
    name: "WAL-G",
    of: `cluster ${data}`,
    list: run("backup-list", "--detail", "--json"),
    read: walGReading.read,
    take: [run("backup-push", data)],
    restore
  }
}
