/**
 * Finds every occurrence of any of many texts in one pass: an Aho–Corasick automaton over UTF-16 code units.
 *
 * It is our own because it must take more texts while a run goes on, and hold some millions of states in flat memory: the
 * kept library for it (modern-ahocorasick 3.3, MIT) does neither, and is not shorter.
 */

/** Told of the longest text that ends in a place, or is cut off there by an ellipsis: from `start` up to `end`. */
type Found = (start: number, end: number) => void

/** What is left of a text that was cut off is looked for from so many units on. */
const leastCutOff = 6

/** The texts that are looked for. */
export interface Matcher {
  readonly add: (texts: ReadonlyArray<string>) => void
  readonly find: (text: string, found: Found) => void
}

/**
 * Makes a matcher of no texts. What is added is built in when it is next looked for, into an automaton of its own; one
 * that is not larger is taken into it. So adding one after another costs little, and few automata are ever left.
 */
export const make = (): Matcher => {
  let added: ReadonlyArray<string> = []
  const parts: Array<{ readonly texts: ReadonlyArray<string>; readonly find: Matcher["find"] }> = []
  const build = (): void => {
    let texts = added
    added = []
    while ((parts.at(-1)?.texts.length ?? Number.POSITIVE_INFINITY) <= texts.length) {
      texts = [...(parts.pop()?.texts ?? []), ...texts]
    }
    parts.push({ texts, find: automaton(texts) })
  }
  return {
    add: (texts) => {
      added = [...added, ...texts]
    },
    find: (text, found) => {
      if (added.length > 0) build()
      for (const part of parts) part.find(text, found)
    }
  }
}

/**
 * All beginnings of the texts. 0 is the empty one; each other is told from its parent by one more code unit. They are
 * numbered along the sorted texts, so that the first child of one is the next number: most have no other child.
 */
const beginningsOf = (texts: ReadonlyArray<string>) => {
  const sorted = [...new Set(texts)].sort()
  const shared = sorted.map((text, i) => sharedLength(text, sorted[i - 1] ?? ""))
  const count = sorted.reduce((sum, text, i) => sum + text.length - (shared[i] ?? 0), 1)
  const parents = new Int32Array(count)
  const units = new Uint16Array(count)
  const depths = new Int32Array(count)
  const isText = new Uint8Array(count)
  const children = makeChildren(parents, units, sorted.length)
  const path = [0]
  let next = 1
  sorted.forEach((text, i) => {
    for (let depth = shared[i] ?? 0; depth < text.length; depth++) {
      const parent = path[depth] ?? 0
      parents[next] = parent
      units[next] = text.charCodeAt(depth)
      depths[next] = depth + 1
      if (next !== parent + 1) children.add(next)
      path[depth + 1] = next++
    }
    isText[next - 1] = 1
  })
  return { count, depths, isText, parents, units, child: children.get }
}

const sharedLength = (a: string, b: string): number => {
  let length = 0
  while (length < a.length && length < b.length && a.charCodeAt(length) === b.charCodeAt(length)) length++
  return length
}

/** The child of a beginning with one more unit, 0 where there is none. Those that are not first are in a hash table. */
const makeChildren = (parents: Int32Array, units: Uint16Array, most: number) => {
  const size = 2 ** Math.ceil(Math.log2(2 * most))
  const table = new Int32Array(size)
  const slotOf = (parent: number, unit: number): number => {
    const hash = Math.imul(Math.imul(parent, 0x9e3779b1) ^ Math.imul(unit + 1, 0x85ebca6b), 0xc2b2ae35)
    let slot = (hash ^ (hash >>> 15)) & (size - 1)
    for (;;) {
      const child = table[slot] ?? 0
      if (child === 0 || (parents[child] === parent && units[child] === unit)) return slot
      slot = (slot + 1) & (size - 1)
    }
  }
  return {
    add: (child: number): void => {
      table[slotOf(parents[child] ?? 0, units[child] ?? 0)] = child
    },
    get: (parent: number, unit: number): number =>
      parents[parent + 1] === parent && units[parent + 1] === unit ? parent + 1 : (table[slotOf(parent, unit)] ?? 0)
  }
}

/** Numbers of beginnings, the shorter first. */
const shorterFirst = (depths: Int32Array): Int32Array => {
  const places: Array<number> = []
  for (const depth of depths) places[depth + 1] = (places[depth + 1] ?? 0) + 1
  for (let depth = 1; depth < places.length; depth++) places[depth] = (places[depth] ?? 0) + (places[depth - 1] ?? 0)
  const order = new Int32Array(depths.length)
  depths.forEach((depth, number) => {
    const place = places[depth] ?? 0
    order[place] = number
    places[depth] = place + 1
  })
  return order
}

const automaton = (texts: ReadonlyArray<string>): Matcher["find"] => {
  const { child, count, depths, isText, parents, units } = beginningsOf(texts)
  // The longest end of each beginning, other than itself, that is a beginning too.
  const ends = new Int32Array(count)
  // The length of the longest text that ends where a beginning does, 0 for none.
  const longest = new Int32Array(count)

  const step = (from: number, unit: number): number => {
    let state = from
    for (;;) {
      const next = child(state, unit)
      if (next !== 0 || state === 0) return next
      state = ends[state] ?? 0
    }
  }

  for (const state of shorterFirst(depths)) {
    const depth = depths[state] ?? 0
    if (depth > 1) ends[state] = step(ends[parents[state] ?? 0] ?? 0, units[state] ?? 0)
    longest[state] = isText[state] === 1 ? depth : (longest[ends[state] ?? 0] ?? 0)
  }

  return (text, found) => {
    let state = 0
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      const begun = unit === 0x2026 ? (depths[state] ?? 0) : 0 // …
      if (begun >= leastCutOff) found(i - begun, i)
      state = step(state, unit)
      const length = longest[state] ?? 0
      if (length > 0) found(i + 1 - length, i + 1)
    }
  }
}
