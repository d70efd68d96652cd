/** Where a database stands between its files of SQL and its ledger. */
import { createHash } from "node:crypto"
import * as Schema from "effect/Schema"
import { MigrationEdited, MigrationsRefused } from "../../PostgresError.ts"
import type { LedgerLine, Migrations } from "../../PostgresMigrations.ts"
import type { PlannedScript, PlannedUnit } from "../sql/plan.ts"

/** A line of the ledger: a unit of a file. A file without statements, or that is taken over, has the unit 0. */
export const LedgerRow: Schema.Codec<LedgerLine> = Schema.Struct({
  name: Schema.String,
  /** From 1. */
  unit: Schema.Number,
  units: Schema.Number,
  /** Of what the unit runs. */
  checksum: Schema.String,
  fileChecksum: Schema.String,
  state: Schema.Literals(["started", "done", "baseline"])
})

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex")

/** A file is the same whatever its lines end with. */
export const checksumOf = (text: string): string => sha256(text.replaceAll("\r\n", "\n"))

export const unitChecksum = ({ statements, transaction }: PlannedUnit): string =>
  sha256(JSON.stringify([transaction, statements.map(({ data, sql }) => [sql, data ?? null])]))

/** Which files are applied, which are taken over, and which are left. */
export interface Standing {
  readonly applied: ReadonlyArray<string>
  readonly baseline: ReadonlyArray<string>
  readonly left: ReadonlyArray<string>
}

const isWhole = ({ state, unit, units }: LedgerLine): boolean =>
  state === "baseline" || (state === "done" && unit === units)

/** Compares files with the ledger; what is wrong is an error. `isNew` is whether nothing is in the database. */
export const standingOf = (
  { baseline, files }: Migrations,
  rows: ReadonlyArray<LedgerLine>,
  isNew: boolean
): Standing | MigrationEdited | MigrationsRefused => {
  const whole = new Map(rows.filter(isWhole).map((row) => [row.name, row]))
  const names = files.map(({ name }) => name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) return refused(`two files are called ${twice}`, "give each file a name of its own")
  if (baseline !== undefined && !names.includes(baseline)) {
    return refused(
      `there is no file ${baseline}, which the database shall be taken over with`,
      `name one of: ${names.join(", ")}`
    )
  }
  const gone = goneOf(names, rows)
  if (gone !== undefined) {
    return refused(
      `${gone} was run, before others that are there, and is no longer among the files`,
      "put it back as it was, as a database that is made anew needs it; where another step runs it, give each a `ledger` of its own"
    )
  }
  for (const { name, text } of files) {
    const row = whole.get(name)
    if (row !== undefined && row.fileChecksum !== checksumOf(text)) return edited(name, "")
  }
  const takesOver = baseline !== undefined && rows.length === 0 && !isNew
  const taken = takesOver ? names.slice(0, names.indexOf(baseline) + 1) : []
  const applied = names.filter((name) => whole.has(name))
  const left = names.filter((name) => !whole.has(name) && !taken.includes(name))
  const last = applied.at(-1)
  const early = last === undefined ? undefined : left.find((name) => names.indexOf(name) < names.indexOf(last))
  if (early !== undefined) {
    return refused(
      `${early} stands before ${last}, which was run already`,
      "give it a name behind all that were run: they would be run in another order elsewhere"
    )
  }
  return { applied, baseline: taken, left }
}

/** A file that was run before one that is there. Those that were run after all of them belong to a later release. */
const goneOf = (names: ReadonlyArray<string>, rows: ReadonlyArray<LedgerLine>): string | undefined =>
  rows.slice(0, rows.findLastIndex(({ name }) => names.includes(name)) + 1).find(({ name }) => !names.includes(name))
    ?.name

const edited = (file: string, which: string): MigrationEdited =>
  new MigrationEdited({
    file,
    message: `${file} was edited after ${which === "" ? "it was run" : `${which} of it was run`}`,
    hint: "put it back as it was (its checksum is in the ledger), and write what is to change into a new file"
  })

export const refused = (message: string, hint: string): MigrationsRefused => new MigrationsRefused({ message, hint })

/** How many units of a file are committed, and whether it is unknown of the next one. */
export const progressOf = (
  name: string,
  { units }: PlannedScript,
  rows: ReadonlyArray<LedgerLine>
): { readonly done: number; readonly isStarted: boolean } | MigrationEdited => {
  const own = rows.filter((row) => row.name === name)
  const done = own.filter(({ state }) => state === "done").length
  for (const row of own) {
    const unit = units[row.unit - 1]
    // What comes behind may be corrected, where it has failed.
    if (row.state === "done" && (unit === undefined || unitChecksum(unit) !== row.checksum))
      return edited(name, `unit ${row.unit}`)
  }
  const next = own.find(({ state, unit }) => state === "started" && unit === done + 1)
  const unit = units[done]
  return { done, isStarted: next !== undefined && unit !== undefined && unitChecksum(unit) === next.checksum }
}

/** What only psql could do, or nobody can, is refused before anything is run. */
export const obstacle = (name: string, { hazards }: PlannedScript): MigrationsRefused | undefined => {
  const found = hazards.filter(({ kind, severity }) => kind === "unsupported" && severity === "error")
  return found.length === 0
    ? undefined
    : refused(
        `${name}: ${found.map(({ message }) => message).join("; ")}`,
        `correct the file; \`shipshape sql plan ${name}\` shows all of it`
      )
}
