/** JSON in which no number loses a digit. */
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type { Row } from "../../Data.ts"

/** A number as it was written. */
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
export const parse = (text: string): Value =>
  flat(text) ?? (doubtful.test(text) ? JSON.parse(text, keepNumber) : JSON.parse(text))

/** What a text may not have within quotes as it is. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const control = /[\u0000-\u001f]/

const numeral = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y

const words: ReadonlyArray<readonly [string, Value]> = [
  ["null", null],
  ["true", true],
  ["false", false]
]

const [quote, colon, comma, open, close, backslash] = [34, 58, 44, 123, 125, 92]

/**
 * Reads what most rows are, several times as fast: an object as PostgreSQL writes it, without spaces, with no object and no
 * list in it. Anything else is `undefined`, what is wrong too.
 */
const flat = (text: string): Value | undefined => {
  if (text.charCodeAt(0) !== open || control.test(text)) return undefined
  const row: Record<string, Value> = {}
  let at = 1
  for (;;) {
    if (text.charCodeAt(at) !== quote) return undefined
    const end = text.indexOf('"', at + 1)
    const name = text.slice(at + 1, end)
    if (text.charCodeAt(end + 1) !== colon || name.includes("\\") || name === "__proto__") return undefined
    at = end + 2
    const first = text.charCodeAt(at)
    if (first === quote) {
      const end = endOf(text, at + 1)
      if (end < 0) return undefined
      const inner = text.slice(at + 1, end)
      row[name] = inner.includes("\\") ? unescaped(text.slice(at, end + 1)) : inner
      if (row[name] === undefined) return undefined
      at = end + 1
    } else if (first === 45 || (first >= 48 && first <= 57)) {
      numeral.lastIndex = at
      const number = numeral.exec(text)?.[0]
      if (number === undefined) return undefined
      row[name] = new Exact(number)
      at += number.length
    } else {
      const word = words.find(([word]) => text.startsWith(word, at))
      if (word === undefined) return undefined
      row[name] = word[1]
      at += word[0].length
    }
    const next = text.charCodeAt(at++)
    if (next === close && at === text.length) return row
    if (next !== comma) return undefined
  }
}

/** Where a text ends that begins here. */
const endOf = (text: string, from: number): number => {
  for (let end = text.indexOf('"', from); end >= 0; end = text.indexOf('"', end + 1)) {
    let before = end
    while (text.charCodeAt(before - 1) === backslash && before > from) before--
    if ((end - before) % 2 === 0) return end
  }
  return -1
}

const unescaped = (text: string): Value => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

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
  if (value instanceof Exact) return numberOf(value)
  if (Array.isArray(value)) return value.map(plainValue)
  if (Predicate.isObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainValue(item)]))
  }
  return Schema.is(Scalar)(value) ? value : null
}

/** A number, where JavaScript's own is the same. */
const numberOf = ({ text }: Exact): number | string => (String(Number(text)) === text ? Number(text) : text)

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
