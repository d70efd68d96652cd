import { createHash } from "node:crypto"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import type * as Schema from "effect/Schema"
import type { Registry } from "../Secrets.ts"

/** A value as JSON that does not depend on the order of keys, with secrets left out. */
export const canonical = (value: unknown): Schema.Json => {
  // Most of what is in a plan is text: what is rare is asked for last.
  if (typeof value === "string" || typeof value === "boolean" || value === null) return value
  if (value === undefined) return null
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value)
  if (typeof value === "function") return `<function ${value.name}>`
  if (typeof value !== "object") return String(value)
  if (Array.isArray(value)) return value.map(canonical)
  if (Object.getPrototypeOf(value) !== Object.prototype) {
    if (Redacted.isRedacted(value)) return "<redacted>"
    if (value instanceof RegExp) return String(value)
    if (value instanceof Uint8Array) return createHash("sha256").update(value).digest("hex")
    if (value instanceof Map || value instanceof Set) return canonical([...value])
  }
  if (Predicate.hasProperty(value, "toJSON") && Predicate.isFunction(value.toJSON)) return canonical(value.toJSON())
  return record(value)
}

const record = (value: object): Schema.Json => {
  const entries: Array<[string, Schema.Json]> = []
  let sorted = true
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue
    const before = entries.at(-1)
    if (before !== undefined && before[0] > key) sorted = false
    entries.push([key, canonical(item)])
  }
  return Object.fromEntries(sorted ? entries : entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** The same JSON with every string in it masked, keys too: data whose words are not the program's own. */
export const maskJson = (registry: Registry, value: Schema.Json): Schema.Json => {
  if (registry.isEmpty()) return value
  const visit = (json: Schema.Json): Schema.Json => {
    if (typeof json === "string") return registry.mask(json)
    if (Array.isArray(json)) return json.map(visit)
    if (typeof json === "object" && json !== null) {
      return Object.fromEntries(Object.entries(json).map(([key, item]) => [registry.mask(key), visit(item)]))
    }
    return json
  }
  return visit(value)
}
