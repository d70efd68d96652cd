/** Runs a plan on a copy of a database's schema, which has no rows and is dropped again. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Hazard } from "../../Sql.ts"
import type { Address } from "../address.ts"
import { seen } from "../compare/comparing.ts"
import { type Database, notTunnelled, open, serverAt } from "../compare/database.ts"
import { copyOf } from "../compare/scratch.ts"
import { reachesBeyond } from "./beyond.ts"
import { hazard } from "./effect.ts"
import type { PlannedStatement, PlannedUnit } from "./plan.ts"

/** Why a statement is left out. */
const leftOut = ({ blockNodes, data, node }: PlannedStatement): string | undefined => {
  if (data !== undefined) return "its rows are left out"
  return [node, ...blockNodes].some(reachesBeyond) ? "it reaches beyond the database, and is left out" : undefined
}

const runUnit = Effect.fnUntraced(function* (database: Database, { statements, transaction }: PlannedUnit) {
  const [first, last] = [statements[0]?.line ?? 1, statements.at(-1)?.line ?? 1]
  const at = (sql: string, line: number) => Effect.mapError(database.run(sql), (error) => ({ error, line }))
  if (transaction) yield* at("BEGIN", first)
  for (const statement of statements) {
    if (leftOut(statement) !== undefined) continue
    yield* at(statement.sql, statement.line)
  }
  // What waits for the end of the transaction fails only now.
  if (transaction) yield* at("COMMIT", last)
})

/** What fails is an error; what could not be tried is said. The database itself is only read. */
export const dryRun = Effect.fnUntraced(
  function* (address: Address, file: string, units: ReadonlyArray<PlannedUnit>) {
    const server = yield* open(serverAt(address))
    const { database } = yield* copyOf(server, yield* seen(server), seen)
    const found = units.flatMap(({ statements }) =>
      statements.flatMap((statement): ReadonlyArray<Hazard> => {
        const why = leftOut(statement)
        return why === undefined
          ? []
          : [hazard("unproven", file, `line ${statement.line}: not tried: ${why}`, "notice")]
      })
    )
    const ran = yield* Effect.result(Effect.forEach(units, (unit) => runUnit(database, unit), { discard: true }))
    if (Result.isSuccess(ran)) return found
    const { error, line } = ran.failure
    return [
      ...found,
      hazard("unproven", file, `line ${line}: on a copy of the schema it fails: ${error.message}`, "error")
    ]
  },
  notTunnelled,
  Effect.scoped
)
