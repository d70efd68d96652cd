import type * as Schema from "effect/Schema"

/** One place where two values differ, as a person reads it. */
export interface Difference {
  /** The field's path: `output.images.backend`. */
  readonly path: string
  /** As text; `undefined` where it was not there. */
  readonly before: string | undefined
  readonly after: string | undefined
}

/** Beyond so many characters a value is cut. */
const shown = 120

const textOf = (value: Schema.Json | undefined): string | undefined => {
  if (value === undefined) return undefined
  const text = typeof value === "string" ? value : JSON.stringify(value)
  return text.length > shown ? `${text.slice(0, shown)}…` : text
}

const isRecord = (value: Schema.Json | undefined): value is { readonly [key: string]: Schema.Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Where two values differ, field by field. */
export const differences = (
  before: Schema.Json | undefined,
  after: Schema.Json | undefined,
  path = ""
): ReadonlyArray<Difference> => {
  if (JSON.stringify(before) === JSON.stringify(after)) return []
  if (isRecord(before) && isRecord(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
    return keys.flatMap((key) => differences(before[key], after[key], path === "" ? key : `${path}.${key}`))
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const length = Math.max(before.length, after.length)
    return Array.from({ length }, (_, i) => differences(before[i], after[i], `${path}[${i}]`)).flat()
  }
  return [{ path, before: textOf(before), after: textOf(after) }]
}
