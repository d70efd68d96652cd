import * as Predicate from "effect/Predicate"
import type { Registry } from "../Secrets.ts"
import type { OwnNames } from "./ownNames.ts"

/** Records of the program whose keys are names that the deployment's own file gives: ids, inputs, plugins. */
const recordsByName: ReadonlySet<string> = new Set(["inputs", "parts", "steps", "versions"])

/** Where the program keeps what a plugin has given: none of its fields is one of the program's own. */
const givenByPlugins: ReadonlySet<string> = new Set(["captured", "part"])

const nobodys: OwnNames = { fields: new Set(), words: new Set() }

/** Masks every string within data: values, and the keys that are data themselves. */
export const maskData = (registry: Registry, value: unknown, names: OwnNames): unknown => {
  const visit = (u: unknown, own: OwnNames, byName: boolean): unknown => {
    if (Predicate.isString(u)) return registry.mask(u)
    if (Array.isArray(u)) return u.map((item) => visit(item, own, false))
    if (u instanceof Map)
      return new Map(Array.from(u, (pair) => [visit(pair[0], own, false), visit(pair[1], own, false)]))
    if (u instanceof Set) return new Set(Array.from(u, (item) => visit(item, own, false)))
    if (u instanceof Uint8Array || u instanceof RegExp || !Predicate.isObject(u)) return u
    if (Predicate.hasProperty(u, "toJSON") && Predicate.isFunction(u.toJSON)) return visit(u.toJSON(), own, false)
    const result: Record<string, unknown> = {}
    for (const [key, item] of Object.entries(u)) {
      let name = byName || own.fields.has(key) ? key : registry.mask(key)
      // Two keys may look the same without their secrets; neither is lost.
      while (Object.hasOwn(result, name)) name += "•"
      Object.defineProperty(result, name, {
        configurable: true,
        enumerable: true,
        writable: true,
        value:
          !byName && own.words.has(key) && isWords(item)
            ? item
            : visit(item, givenByPlugins.has(key) ? nobodys : own, own !== nobodys && !byName && recordsByName.has(key))
      })
    }
    return result
  }
  return visit(value, names, false)
}

const isWords = (u: unknown): boolean => Predicate.isString(u) || (Array.isArray(u) && u.every(Predicate.isString))
