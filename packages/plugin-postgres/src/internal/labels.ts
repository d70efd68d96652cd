import type { NewLabel } from "../PostgresControl.ts"

/**
 * The labels to add, in the order in which to add them: each stands next to one that is there by then. `undefined` where
 * adding cannot do it: there are labels that are not wanted, or they are in another order.
 */
export const additions = (
  existing: ReadonlyArray<string>,
  wanted: ReadonlyArray<string>
): ReadonlyArray<NewLabel> | undefined => {
  const kept = wanted.filter((label) => existing.includes(label))
  if (kept.length !== existing.length || kept.some((label, i) => label !== existing[i])) return undefined
  const [first] = existing
  return wanted.flatMap((label, i): ReadonlyArray<NewLabel> => {
    if (existing.includes(label)) return []
    const before = wanted[i - 1]
    if (before !== undefined) return [{ label, place: "AFTER", neighbour: before }]
    return first === undefined ? [] : [{ label, place: "BEFORE", neighbour: first }]
  })
}
