/** JSON in which no number loses a digit. */
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type { Row } from "../../Data.ts"

/** A number as it was written, where JavaScript's own is another. */
class Exact {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** A value of a row: JSON, in which some numbers are as they were written. */
export type Value = unknown

/**
 * So many digits, or an exponent, may be more than a number of JavaScript holds; and 1.50 is not written as 1.5. Texts may
 * look like it, too, which then are read with more care than they need.
 */
const doubtful = /[0-9.]{16}|[:,[]\s*(?:-0|-?[0-9]+(?:\.[0-9]*0(?![0-9])|(?:\.[0-9]+)?[eE]))/

/** What engines give since JSON.parse tells where a value stood; TypeScript does not know yet. */
interface Context {
  readonly source?: string
}

const keepNumber = (_: string, value: unknown, context?: Context): unknown =>
  typeof value === "number" && context?.source !== undefined && String(value) !== context.source
    ? new Exact(context.source)
    : value

/** Reads one value. Throws a SyntaxError. */
export const parse = (text: string): Value => (doubtful.test(text) ? JSON.parse(text, keepNumber) : JSON.parse(text))

/** Whether a value is an object, and so may be a row. */
export const isRow = (value: Value): value is Readonly<Record<string, Value>> =>
  Predicate.isObject(value) && !Array.isArray(value) && !(value instanceof Exact)

/** A value as JSON again, its numbers as they were written. */
const format = (value: Value): string => {
  if (value instanceof Exact) return value.text
  if (Array.isArray(value)) return `[${value.map(format).join(",")}]`
  if (Predicate.isObject(value)) {
    return `{${Object.entries(value)
      .map(([key, item]) => `${JSON.stringify(key)}:${format(item)}`)
      .join(",")}}`
  }
  return JSON.stringify(value) ?? "null"
}

/** As a transform gets it: plain JSON. */
export const plain = (row: Readonly<Record<string, Value>>): Row =>
  Object.fromEntries(Object.entries(row).map(([key, value]) => [key, plainValue(value)]))

const plainValue = (value: Value): Schema.Json => {
  if (value instanceof Exact) return value.text
  if (Array.isArray(value)) return value.map(plainValue)
  if (Predicate.isObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainValue(item)]))
  }
  return Schema.is(Scalar)(value) ? value : null
}

const Scalar = Schema.Union([Schema.String, Schema.Finite, Schema.Boolean])

/** How the text of a value is made for a column. */
export type Kind = "json" | "array" | "other"

/** A value as PostgreSQL reads it for a column; `null` is NULL. */
export const textOf = (value: Value, kind: Kind): string | null => {
  if (value === null || value === undefined) return null
  if (kind === "json") return format(value)
  if (typeof value === "string") return value
  if (kind === "array" && Array.isArray(value)) return arrayOf(value)
  return format(value)
}

const arrayOf = (items: ReadonlyArray<Value>): string => `{${items.map(itemOf).join(",")}}`

const itemOf = (item: Value): string => {
  if (item === null) return "NULL"
  if (Array.isArray(item)) return arrayOf(item)
  const text = typeof item === "string" ? item : format(item)
  return typeof item === "string" || isRow(item) ? `"${text.replace(/["\\]/g, "\\$&")}"` : text
}
