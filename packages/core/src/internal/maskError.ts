import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type { Registry } from "../Secrets.ts"
import { maskData } from "./maskData.ts"
import { fieldsOf, type OwnNames, ownNames } from "./ownNames.ts"

/** What says which error it is: a secret that happens to be the same is no leak. */
const identity: ReadonlySet<string | symbol> = new Set(["_tag", "code", "name"])

/** The same error, of the same class, with every text in it masked: its message, its fields, its stack, its causes. */
export const maskError = <E>(registry: Registry, error: E): E => {
  if (registry.isEmpty()) return error
  // Data keeps its fields, and a clone has the class and the fields of the error.
  return masked(registry, error, ownNames()) as E
}

const masked = (registry: Registry, error: unknown, names: OwnNames): unknown => {
  if (!Predicate.isError(error)) return isData(error) ? maskData(registry, error, names) : error
  const declared = namesOf(error)
  const clone: object = Object.create(Object.getPrototypeOf(error))
  for (const key of Reflect.ownKeys(error)) {
    const descriptor = Object.getOwnPropertyDescriptor(error, key)
    if (descriptor === undefined) continue
    const value: unknown = "value" in descriptor ? descriptor.value : Reflect.get(error, key)
    Object.defineProperty(clone, key, {
      configurable: true,
      writable: true,
      enumerable: descriptor.enumerable === true,
      value: identity.has(key) ? value : masked(registry, value, declared)
    })
  }
  return clone
}

/** The program's own names, and those of the fields that the error's class declares. */
const namesOf = (error: Error): OwnNames => {
  const { fields, words } = ownNames()
  return Schema.isSchema(error.constructor)
    ? { fields: new Set([...fields, ...fieldsOf(error.constructor.ast)]), words }
    : { fields, words }
}

/** Texts and what plain data holds them in; other objects (sockets, dates, redacted values) stay as they are. */
const isData = (u: unknown): boolean =>
  Predicate.isString(u) || Array.isArray(u) || (Predicate.isObject(u) && Object.getPrototypeOf(u) === Object.prototype)
