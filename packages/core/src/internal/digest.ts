import { createHash } from "node:crypto"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"

/** A value as JSON that does not depend on the order of keys, with secrets left out. */
const canonical = (value: unknown): unknown => {
  if (Redacted.isRedacted(value)) return "<redacted>"
  if (value instanceof RegExp || typeof value === "bigint" || typeof value === "symbol") return String(value)
  if (typeof value === "function") return `<function ${value.name}>`
  if (value instanceof Uint8Array) return createHash("sha256").update(value).digest("hex")
  if (value instanceof Map) return canonical([...value])
  if (value instanceof Set) return canonical([...value])
  if (Array.isArray(value)) return value.map(canonical)
  if (Predicate.hasProperty(value, "toJSON") && Predicate.isFunction(value.toJSON)) return canonical(value.toJSON())
  if (Predicate.isObject(value)) {
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, item]) => [key, canonical(item)])
    )
  }
  return value
}

/** SHA-256 in hex over a value; equal values give equal digests, whatever the order of their keys. */
export const digest = (value: unknown): string =>
  createHash("sha256")
    .update(JSON.stringify(canonical(value)) ?? "undefined")
    .digest("hex")
