/** How backups are named, and what their tools print. */
import * as path from "node:path"

/** A name that says the database and the moment: `edms.20250102T030405Z.dump`. */
export const nameOf = (database: string, takenAt: number): string =>
  `${encodeURIComponent(database)}.${new Date(takenAt).toISOString().replace(/\.\d+|[-:]/g, "")}.dump`

/** The backups of a database among the names of a folder, the newest first. */
export const ofDatabase = (
  database: string,
  names: ReadonlyArray<string>
): ReadonlyArray<{ readonly name: string; readonly takenAt: number }> =>
  names
    .flatMap((name) => {
      const takenAt = takenAtOf(database, name)
      return takenAt === undefined ? [] : [{ name, takenAt }]
    })
    .sort((a, b) => b.takenAt - a.takenAt)

const takenAtOf = (database: string, name: string): number | undefined => {
  const start = `${encodeURIComponent(database)}.`
  const stamp = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\.dump$/.exec(
    name.startsWith(start) ? name.slice(start.length) : ""
  )
  if (stamp === null) return undefined
  const [, year, month, day, hour, minute, second] = stamp
  const takenAt = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(takenAt) ? undefined : takenAt
}

/** What a backup is called until it is verified. */
export const partialOf = (name: string): string => `.${name}.partial`

/** What interrupted runs have left of a database. */
export const partialsOf = (database: string, names: ReadonlyArray<string>): ReadonlyArray<string> =>
  names.filter((name) => {
    const inner = /^\.(.*)\.partial$/.exec(name)?.[1]
    return inner !== undefined && takenAtOf(database, inner) !== undefined
  })

/** Where a backup's checksum stands, in the form that `sha256sum --check` reads. */
export const checksumOf = (file: string): string => `${file}.sha256`

/** The checksum file's line. */
export const checksumLine = (sha256: string, file: string): string => `${sha256}  ${path.posix.basename(file)}\n`

/** The checksum that `sha256sum` prints, or that a checksum file holds. */
export const readChecksum = (text: string): string | undefined => /^\\?([0-9a-f]{64})\s/.exec(text)?.[1]

/** What `pg_restore --list` says of an archive. */
export const readListing = (text: string): { readonly database: string | undefined; readonly tables: number } => ({
  database: /^;\s+dbname: (.*)$/m.exec(text)?.[1],
  tables: text.match(/^\d+; \d+ \d+ (?:FOREIGN )?TABLE (?!DATA |ATTACH )/gm)?.length ?? 0
})
