/** What a comparison means for a deployment. */
import type { Hazard, Script, Statement } from "../../Sql.ts"

export interface Verdict {
  readonly script: Script
  readonly isEqual: boolean
  /** What stands in the way. */
  readonly obstacles: ReadonlyArray<Hazard>
  /** Whether what is accepted loses something. */
  readonly loses: boolean
  /** What stays different, and stands in nobody's way. */
  readonly note: string | undefined
}

const isLoss = ({ kind }: Hazard): boolean => kind === "data-loss" || kind === "drop"

export const judged = (script: Script, accept: ReadonlyArray<string>): Verdict => {
  const isAccepted = ({ object }: Hazard) => accept.includes(object)
  const obstacles = script.hazards.filter(
    (hazard) => (isLoss(hazard) || hazard.severity === "error") && !isAccepted(hazard)
  )
  const stays = script.hazards.filter(({ kind }) => kind === "unsupported")
  return {
    script,
    obstacles,
    isEqual: script.units.length === 0 && obstacles.length === 0,
    loses: script.hazards.some(isLoss) || script.units.some(({ statements }) => statements.some((s) => s.dataLoss)),
    note: stays.length === 0 ? undefined : stays.map(({ message, object }) => `${object}: ${message}`).join("; ")
  }
}

const isSetting = ({ sql }: Statement): boolean => sql.startsWith("SET LOCAL ")

const brief = (sql: string): string => {
  const line = sql.replace(/\s+/g, " ")
  return line.length <= 160 ? line : `${line.slice(0, 160)} …`
}

const hints: Readonly<Record<Hazard["kind"], string>> = {
  "data-loss":
    "a converging Postgres.compare drops it only where `accept` names it; something renamed is stated in `renames`",
  drop: "a converging Postgres.compare drops it only where `accept` names it; what somebody else keeps is left out by `ignore`",
  unsupported: "change it by hand, or leave it different by `accept`",
  lock: "run it online",
  rewrite: "run it when few use the table",
  unproven: "look what the statements leave different, and report it",
  irreversible: "add the column nullable, fill it, and set NOT NULL then"
}

/** What differs, each with what can be done about it. */
export const differencesOf = ({ obstacles, script }: Verdict) => [
  ...obstacles.map(({ kind, message, object }) => ({ difference: `${object}: ${message}`, hint: hints[kind] })),
  ...script.units.flatMap(({ statements }) =>
    statements
      .filter((statement) => !isSetting(statement))
      .map(({ sql }) => ({
        difference: brief(sql),
        hint: 'write it into a migration, or let Postgres.compare do it with mode: "converge"'
      }))
  )
]

/** What a plan says: each statement with what it costs, and what should be known. */
export const changesOf = ({ script }: Verdict) => [
  ...script.hazards.map(({ message, object, severity }) => ({ summary: `${severity}: ${object}: ${message}` })),
  ...script.units.flatMap(({ statements, transaction }, i) =>
    statements
      .filter((statement) => !isSetting(statement))
      .map((statement) => ({
        summary: brief(statement.sql),
        after: [
          `unit ${i + 1} of ${script.units.length}${transaction ? "" : ", by itself"}`,
          ...(statement.lock === undefined ? [] : [statement.lock]),
          ...(statement.rewrite === true ? ["rewrites a table"] : []),
          ...(statement.dataLoss === true ? ["loses data"] : [])
        ].join(", ")
      }))
  )
]
