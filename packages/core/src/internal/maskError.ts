import * as Predicate from "effect/Predicate"
import { maskDeep, type Registry } from "../Secrets.ts"

/** The same error, of the same class, with every text in it masked: its message, its fields, its stack, its causes. */
export const maskError = <E>(registry: Registry, error: E): E => {
  if (registry.isEmpty()) return error
  if (!Predicate.isError(error)) return isData(error) ? maskDeep(registry, error) : error
  const masked: object = Object.create(Object.getPrototypeOf(error))
  for (const key of Reflect.ownKeys(error)) {
    const descriptor = Object.getOwnPropertyDescriptor(error, key)
    if (descriptor === undefined) continue
    const value: unknown = "value" in descriptor ? descriptor.value : Reflect.get(error, key)
    Object.defineProperty(masked, key, {
      configurable: true,
      writable: true,
      enumerable: descriptor.enumerable === true,
      value: maskError(registry, value)
    })
  }
  // The clone has the class and the fields of the error.
  return masked as E
}

/** Texts and what plain data holds them in; other objects (sockets, dates, redacted values) stay as they are. */
const isData = (u: unknown): boolean =>
  Predicate.isString(u) || Array.isArray(u) || (Predicate.isObject(u) && Object.getPrototypeOf(u) === Object.prototype)
