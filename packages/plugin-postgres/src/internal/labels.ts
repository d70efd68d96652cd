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

/** A label that is called otherwise from now on. */
export interface RenamedLabel {
  readonly from: string
  readonly to: string
}

/** The renames that are still to be done. One of a label that is not there is done, or was never needed. */
export const pendingRenames = (
  existing: ReadonlyArray<string>,
  renames: Readonly<Record<string, string>>
): ReadonlyArray<RenamedLabel> =>
  Object.entries(renames).flatMap(([from, to]) =>
    existing.includes(from) && !existing.includes(to) ? [{ from, to }] : []
  )

/** The labels as they are once they are renamed. */
export const renamed = (existing: ReadonlyArray<string>, renames: ReadonlyArray<RenamedLabel>): ReadonlyArray<string> =>
  existing.map((label) => renames.find(({ from }) => from === label)?.to ?? label)
