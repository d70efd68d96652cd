/** A comparison for people, and for psql. */
import type { Hazard, Script, Statement, Unit } from "../../Sql.ts"

const ended = (sql: string): string => (sql.trimEnd().endsWith(";") ? sql.trimEnd() : `${sql.trimEnd()};`)

const costOf = ({ dataLoss, lock, rewrite }: Statement): string =>
  [lock, rewrite === true ? "rewrites the table" : undefined, dataLoss === true ? "loses data" : undefined]
    .filter((word) => word !== undefined)
    .join(", ")

const unitText = ({ statements, transaction }: Unit): string => {
  const lines = statements.map((statement) => {
    const cost = costOf(statement)
    return `${cost === "" ? "" : `-- ${cost}\n`}${ended(statement.sql)}`
  })
  return (transaction ? ["BEGIN;", ...lines, "COMMIT;"] : lines).join("\n")
}

const hazardText = ({ kind, message, object, severity }: Hazard): string => `${severity} ${kind} ${object}: ${message}`

/** SQL that psql runs as it stands, with ON_ERROR_STOP; what should be known of it is above it. */
export const sqlText = ({ hazards, units }: Script): string =>
  [...hazards.map((hazard) => `-- ${hazardText(hazard).replaceAll("\n", "\n-- ")}`), ...units.map(unitText)]
    .map((text) => `${text}\n`)
    .join("\n")

export const schemaText = (script: Script, isProved: boolean): string => {
  if (script.units.length === 0 && script.hazards.length === 0) return "The schemas are the same.\n"
  const proof = script.hazards.some(({ kind, severity }) => kind === "unproven" && severity !== "notice")
    ? "Not proved: see above."
    : isProved
      ? "Proved: a copy on which this was run is what it should be."
      : "Not proved: --prove runs it on a copy."
  return `${sqlText(script)}\n${proof}\n`
}
