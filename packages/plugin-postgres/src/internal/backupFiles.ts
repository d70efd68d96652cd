/** How backups are named, and what their tools print. */

/** A name that says the database and the moment: `edms.20250102T030405.678Z.dump`. */
export const nameOf = (database: string, takenAt: number): string =>
  `${encodeURIComponent(database)}.${new Date(takenAt).toISOString().replace(/[-:]/g, "")}.dump`

/** A backup by its name. */
export interface Named {
  readonly name: string
  readonly takenAt: number
}

/** The backups of a database among the names of a folder, the newest first. */
export const ofDatabase = (database: string, names: ReadonlyArray<string>): ReadonlyArray<Named> =>
  names
    .flatMap((name) => {
      const takenAt = takenAtOf(database, name)
      return takenAt === undefined ? [] : [{ name, takenAt }]
    })
    .sort((a, b) => b.takenAt - a.takenAt)

const takenAtOf = (database: string, name: string): number | undefined => {
  const start = `${encodeURIComponent(database)}.`
  const stamp = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d\.\d{3})Z\.dump$/.exec(
    name.startsWith(start) ? name.slice(start.length) : ""
  )
  if (stamp === null) return undefined
  const [, year, month, day, hour, minute, second] = stamp
  const takenAt = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(takenAt) ? undefined : takenAt
}

/** What a backup is called until it is verified. */
export const partialOf = (name: string): string => `.${name}.partial`

/** What interrupted runs have left of a database: unfinished dumps, and what stands beside dumps that are not there. */
export const leftoversOf = (database: string, names: ReadonlyArray<string>): ReadonlyArray<string> =>
  names.filter((name) => {
    const partial = /^\.(.*)\.partial$/.exec(name)?.[1]
    if (partial !== undefined) return takenAtOf(database, partial) !== undefined
    const dump = /^(.*\.dump)\.(?:json|sha256|roles\.sql)$/.exec(name)?.[1]
    return dump !== undefined && !names.includes(dump) && takenAtOf(database, dump) !== undefined
  })

/** Where the checksums of a backup and of its manifest stand, in the form that `sha256sum --check` reads. */
export const checksumOf = (file: string): string => `${file}.sha256`

/** Where a backup says what is in it. */
export const manifestOf = (file: string): string => `${file}.json`

/** Where the roles stand that the objects of a backup belong to. */
export const rolesOf = (file: string): string => `${file}.roles.sql`

/** What holds a backup for somebody. */
export const holdOf = (file: string, holder: string): string => `${file}.kept-${encodeURIComponent(holder)}`

/** Whether somebody holds a backup of a folder. */
export const isHeld = (name: string, names: ReadonlyArray<string>): boolean =>
  names.some((other) => other.startsWith(`${name}.kept-`))

/** A line of the checksum file. */
export const checksumLine = (sha256: string, name: string): string => `${sha256}  ${name}\n`

/** The checksum that `sha256sum` prints first. */
export const readChecksum = (text: string): string | undefined => /^\\?([0-9a-f]{64})\s/.exec(text)?.[1]

/** The checksum of a file in a checksum file. */
export const checksumIn = (text: string, name: string): string | undefined =>
  text
    .split("\n")
    .find((line) => line.slice(64) === `  ${name}`)
    ?.slice(0, 64)

/** What `pg_restore --list` says of an archive. */
export interface Listing {
  readonly database: string | undefined
  readonly entries: number
  readonly tables: number
}

export const readListing = (text: string): Listing => ({
  database: /^;\s+dbname: (.*)$/m.exec(text)?.[1],
  entries: Number(/^;\s+TOC Entries: (\d+)$/m.exec(text)?.[1] ?? 0),
  tables: text.match(/^\d+; \d+ \d+ (?:FOREIGN )?TABLE (?!DATA |ATTACH )/gm)?.length ?? 0
})
