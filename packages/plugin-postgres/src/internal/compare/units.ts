/** Statements into transactions. */
import type { Statement, Unit } from "../../Sql.ts"
import type { Item } from "./items.ts"

/** What holds within a transaction while pg-delta's statements run. */
export const settingsOf = (preamble: ReadonlyArray<{ readonly name: string; readonly value: string }>) =>
  preamble.map(({ name, value }): Statement => ({ sql: `SET LOCAL ${name} = ${value}` }))

const statementOf = ({ dataLoss, lock, rewrite, sql }: Item): Statement => ({
  sql,
  ...(lock === undefined ? {} : { lock }),
  ...(rewrite ? { rewrite } : {}),
  ...(dataLoss ? { dataLoss } : {})
})

/** One transaction for what can be in one; cut where something has to be committed before, or goes alone. */
export const unitsOf = (items: ReadonlyArray<Item>, settings: ReadonlyArray<Statement>): ReadonlyArray<Unit> => {
  const units: Array<{ readonly transaction: boolean; readonly statements: Array<Statement> }> = []
  for (const item of items) {
    const last = units.at(-1)
    if (item.alone) units.push({ transaction: false, statements: [statementOf(item)] })
    else if (last?.transaction === true && item.cut !== true) last.statements.push(statementOf(item))
    else units.push({ transaction: true, statements: [...settings, statementOf(item)] })
  }
  return units
}
