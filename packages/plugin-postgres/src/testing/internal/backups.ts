/** Backups of a database in memory, and the ways back from them. */
import { Attempt, type BackupProof } from "@shipshape/core"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { sha256Of } from "../../internal/backupArchive.ts"
import { nameOf } from "../../internal/backupFiles.ts"
import { otherRows } from "../../internal/restoreScratch.ts"
import { keptName, notKept, otherBackup } from "../../internal/restores.ts"
import type { HeldBackup, NewBackup, PostgresControl, Restore, Restored, RestoreError } from "../../PostgresControl.ts"
import { BackupInvalid, type ConnectError } from "../../PostgresError.ts"
import type { FoundBackups, RecordedBackup } from "../../PostgresProbe.ts"
import type { Backup, Contents, PostgresWorld } from "../PostgresWorld.ts"

type Writing = Pick<
  PostgresControl["Service"],
  "backup" | "holdBackup" | "letGoOfBackup" | "drill" | "restore" | "discard"
>

/** The newest that counts, and the newer ones that do not. */
export const newest = (world: PostgresWorld, directory: string): FoundBackups => {
  const own = ofFolder(world, directory)
  const good = own.find(({ intact }) => intact)
  return {
    backup: good === undefined ? undefined : proofOf(good),
    refused: own.slice(0, good === undefined ? own.length : own.indexOf(good)).map((backup) => {
      const { file, message } = damaged(backup)
      return { file, reason: message }
    })
  }
}

/** A backup that is what somebody has recorded. */
export const read = (
  world: PostgresWorld,
  backup: RecordedBackup
): Effect.Effect<BackupProof.BackupProof, BackupInvalid> => Effect.map(readBack(world, backup), proofOf)

const ofFolder = (world: PostgresWorld, directory: string): ReadonlyArray<Backup> =>
  [...world.backups.values()]
    .filter(({ database, file }) => database === world.server.database && file.startsWith(`${directory}/`))
    .sort((a, b) => b.takenAt - a.takenAt)

const proofOf = ({ contents, database, holders, intact, ...proof }: Backup): BackupProof.BackupProof => proof

const damaged = ({ file }: Pick<Backup, "file">): BackupInvalid =>
  new BackupInvalid({
    file,
    message: `${file.slice(file.lastIndexOf("/") + 1)} is not what it was`,
    hint: "use another backup"
  })

export const writing = (world: PostgresWorld, reached: Effect.Effect<void, ConnectError>): Writing => ({
  backup: ({ directory, drill, keep }: NewBackup) =>
    Effect.gen(function* () {
      yield* reached
      const backup = take(world, directory, yield* Clock.currentTimeMillis, drill)
      world.log.push(`back up ${world.server.database} to ${backup.file}`)
      const old = ofFolder(world, directory).filter(({ file }) => file !== backup.file)
      for (const { file, holders } of old.slice(keep - 1)) if (holders.size === 0) world.backups.delete(file)
      return proofOf(backup)
    }),
  holdBackup: ({ file, holder }: HeldBackup) => held(world, file, (holders) => holders.add(holder)),
  letGoOfBackup: ({ file, holder }: HeldBackup) => held(world, file, (holders) => holders.delete(holder)),
  drill: (file) =>
    Effect.gen(function* () {
      yield* reached
      const backup = yield* readBack(world, { file })
      return { ...proofOf(backup), drilled: true }
    }),
  restore: (asked) => Effect.andThen(reached, restore(world, asked)),
  discard: (keptAs) =>
    Effect.andThen(
      reached,
      Effect.suspend(() => {
        if (keptAs === world.server.database) return Effect.fail(notKept(keptAs, keptAs))
        if (world.kept.delete(keptAs)) world.log.push(`drop ${keptAs}`)
        return Effect.void
      })
    )
})

const take = (world: PostgresWorld, directory: string, takenAt: number, drilled: boolean): Backup => {
  const { database } = world.server
  const file = `${directory}/${nameOf(database, takenAt)}`
  const contents = copyOf(world)
  const backup: Backup = {
    of: `database ${database}`,
    file,
    bytes: 1,
    sha256: sha256Of(file),
    takenAt,
    archive: { entries: world.tables.size + world.enums.size + world.extensions.size, tables: world.tables.size },
    rows: Object.fromEntries(contents.rows),
    ...(drilled ? { drilled } : {}),
    database,
    intact: true,
    contents,
    holders: new Set()
  }
  world.backups.set(file, backup)
  return backup
}

/** What is in the database now, and stays as it is. */
const copyOf = (world: PostgresWorld): Contents => ({
  extensions: new Map(world.extensions),
  enums: new Map(world.enums),
  tables: new Map([...world.tables].map(([name, columns]) => [name, new Map(columns)])),
  rows: new Map([...world.tables.keys()].map((table) => [table, world.rows.get(table) ?? 0]))
})

const held = (world: PostgresWorld, file: string, change: (holders: Set<string>) => void): Effect.Effect<void> =>
  Effect.sync(() => {
    const backup = world.backups.get(file)
    if (backup === undefined) return
    const holders = new Set(backup.holders)
    change(holders)
    world.backups.set(file, { ...backup, holders })
  })

/** A backup whose contents are what it says. */
const readBack = Effect.fnUntraced(function* (
  world: PostgresWorld,
  { file, sha256 }: RecordedBackup
): Effect.fn.Return<Backup, BackupInvalid> {
  const backup = world.backups.get(file)
  if (backup === undefined || !backup.intact || backup.database !== world.server.database)
    return yield* damaged({ file })
  if (sha256 !== undefined && sha256 !== backup.sha256) return yield* otherBackup(file, sha256, backup.sha256)
  const lie = otherRows(file, backup.rows, Object.fromEntries(backup.contents.rows))
  return lie === undefined ? backup : yield* lie
})

const restore = Effect.fnUntraced(function* (
  world: PostgresWorld,
  asked: Restore
): Effect.fn.Return<Restored, RestoreError> {
  const { database } = world.server
  const { contents, rows, sha256 } = yield* readBack(world, asked)
  const key = (yield* Attempt.Current)?.key
  const last = world.restoredFrom
  if (last !== undefined && key !== undefined && last.key === key)
    return { database, keptAs: last.before, rows, notes: [] }
  const at = yield* Clock.currentTimeMillis
  const before = asked.keepAs ?? keptName(database, at)
  world.kept.set(before, copyOf(world))
  become(world, contents)
  world.restoredFrom = { sha256, at, before, ...(key === undefined ? {} : { key }) }
  world.log.push(`restore ${asked.file}, and keep ${before}`)
  return { database, keptAs: before, rows, notes: [] }
})

const become = (world: PostgresWorld, { enums, extensions, rows, tables }: Contents): void => {
  for (const map of [world.extensions, world.enums, world.tables, world.rows]) map.clear()
  for (const [name, extension] of extensions) world.extensions.set(name, extension)
  for (const [name, labels] of enums) world.enums.set(name, labels)
  for (const [name, columns] of tables) world.tables.set(name, new Map(columns))
  for (const [name, number] of rows) world.rows.set(name, number)
}
