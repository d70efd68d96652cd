import { createHash } from "node:crypto"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import type * as Schema from "effect/Schema"
import type { Registry } from "../Secrets.ts"

/** A value as JSON that does not depend on the order of keys, with secrets left out. */
export const canonical = (value: unknown): Schema.Json => {
  if (Redacted.isRedacted(value)) return "<redacted>"
  if (value === undefined) return null
  if (value instanceof RegExp || typeof value === "bigint" || typeof value === "symbol") return String(value)
  if (typeof value === "function") return `<function ${value.name}>`
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value)
  if (value === null || typeof value === "string" || typeof value === "boolean") return value
  if (value instanceof Uint8Array) return createHash("sha256").update(value).digest("hex")
  if (value instanceof Map || value instanceof Set) return canonical([...value])
  if (Array.isArray(value)) return value.map(canonical)
  if (Predicate.hasProperty(value, "toJSON") && Predicate.isFunction(value.toJSON)) return canonical(value.toJSON())
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, canonical(item)])
  )
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
