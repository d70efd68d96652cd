/**
 * Finds every occurrence of any of many texts in one pass: an Aho–Corasick automaton over UTF-16 code units.
 *
 * It is our own because it must take more texts while a run goes on, and hold some millions of states in flat memory: the
 * kept library for it (modern-ahocorasick 3.3, MIT) does neither, and is not shorter.
 */

/** Told of each place where some text ends: the longest one that ends there, from `start` up to `end`. */
export type Found = (start: number, end: number) => void

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
    for (let last = parts.at(-1); last !== undefined && last.texts.length <= texts.length; last = parts.at(-1)) {
      texts = [...last.texts, ...texts]
      parts.pop()
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

/** The states of an automaton: 0 is the one it begins in, and each other is told from its parent by one code unit. */
const makeStates = (most: number) => {
  const parents = new Int32Array(most)
  const units = new Uint16Array(most)
  // A hash table of all states but the first: where it holds 0, it holds nothing.
  const size = 2 ** Math.ceil(Math.log2(2 * most))
  const table = new Int32Array(size)
  let count = 1
  const slotOf = (parent: number, unit: number): number => {
    const hash = Math.imul(Math.imul(parent, 0x9e3779b1) ^ Math.imul(unit + 1, 0x85ebca6b), 0xc2b2ae35)
    let slot = (hash ^ (hash >>> 15)) & (size - 1)
    for (;;) {
      const state = table[slot] ?? 0
      if (state === 0 || (parents[state] === parent && units[state] === unit)) return slot
      slot = (slot + 1) & (size - 1)
    }
  }
  return {
    /** The state behind another one, 0 where there is none. */
    next: (state: number, unit: number): number => table[slotOf(state, unit)] ?? 0,
    /** Makes the state behind another one. */
    add: (parent: number, unit: number): number => {
      const state = count++
      table[slotOf(parent, unit)] = state
      parents[state] = parent
      units[state] = unit
      return state
    }
  }
}

const automaton = (texts: ReadonlyArray<string>): Matcher["find"] => {
  const most = texts.reduce((sum, text) => sum + text.length, 1)
  const states = makeStates(most)
  /** The state of the longest end of this state's text that begins some text, other than itself. */
  const fallback = new Int32Array(most)
  /** The length of the longest text that ends in this state, 0 for none. */
  const longest = new Int32Array(most)

  const step = (from: number, unit: number): number => {
    let state = from
    for (;;) {
      const next = states.next(state, unit)
      if (next !== 0 || state === 0) return next
      state = fallback[state] ?? 0
    }
  }

  // All texts by one unit at a time: a state's fallback is shorter than itself, so it is there already.
  const longestFirst = [...new Set(texts)].sort((a, b) => b.length - a.length)
  const reached = new Int32Array(longestFirst.length)
  let left = longestFirst.length
  for (let depth = 1; left > 0; depth++) {
    while (left > 0 && (longestFirst[left - 1] ?? "").length < depth) left--
    for (let i = 0; i < left; i++) {
      const text = longestFirst[i] ?? ""
      const parent = reached[i] ?? 0
      const unit = text.charCodeAt(depth - 1)
      let state = states.next(parent, unit)
      if (state === 0) {
        const behind = parent === 0 ? 0 : step(fallback[parent] ?? 0, unit)
        state = states.add(parent, unit)
        fallback[state] = behind
        longest[state] = longest[behind] ?? 0
      }
      if (text.length === depth) longest[state] = depth
      reached[i] = state
    }
  }

  return (text, found) => {
    let state = 0
    for (let i = 0; i < text.length; i++) {
      state = step(state, text.charCodeAt(i))
      const length = longest[state] ?? 0
      if (length > 0) found(i + 1 - length, i + 1)
    }
  }
}
