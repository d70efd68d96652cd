/** AND binds closer than OR, also where somebody meant it otherwise. */
import type { Found, Rule, Statement } from "../script.ts"
import type { Token } from "../tokens.ts"

/** Where a condition ends that stands in no brackets. */
const ends: ReadonlySet<string> = new Set([
  ...["returning", "group", "order", "having", "limit", "offset", "fetch", "for", "window", "union", "intersect"],
  ...["except", "on", "when", "then", "else", "set", "from", "join", "left", "right", "inner", "cross", "full"]
])

interface Level {
  /** Within a condition. */
  active: boolean
  ands: number
  firstOr: Token | undefined
  between: boolean
}

const fresh = (active: boolean): Level => ({ active, ands: 0, firstOr: undefined, between: false })

/** The first OR of each condition that has AND beside it, with no brackets to say what belongs together. */
const mixed = (tokens: ReadonlyArray<Token>): ReadonlyArray<Token> => {
  const found: Array<Token> = []
  const levels: Array<Level> = [fresh(false)]
  const close = (level: Level | undefined) => {
    if (level?.firstOr !== undefined && level.ands > 0) found.push(level.firstOr)
  }
  const replace = (active: boolean) => {
    close(levels.pop())
    levels.push(fresh(active))
  }
  for (const token of tokens) {
    const level = levels.at(-1)
    if (level === undefined) break
    const { text } = token
    if (text === "(" || text === "case") levels.push(fresh(level.active && text === "("))
    else if (text === ")" || text === "end") {
      if (levels.length > 1) close(levels.pop())
    } else if (text === "where" || text === "on") replace(true)
    else if (text === "when") replace(true)
    else if (ends.has(text)) replace(false)
    else if (text === "between") level.between = true
    else if (text === "and" && level.between) level.between = false
    else if (text === "and" && level.active) level.ands += 1
    else if (text === "or" && level.active) level.firstOr ??= token
  }
  for (const level of levels) close(level)
  return found
}

const isGuarded = ({ node }: Statement): string | undefined => {
  if ("UpdateStmt" in node) return "UPDATE"
  if ("DeleteStmt" in node) return "DELETE"
  if ("MergeStmt" in node) return "MERGE"
  return "InsertStmt" in node ? "INSERT" : undefined
}

export const precedence: Rule = {
  name: "or-and-precedence",
  severity: "error",
  title: "AND and OR without brackets in a condition that guards a change",
  why: "a OR b AND c is a OR (b AND c): a guard that was put behind the last AND holds for the last part only, and the others change rows without it.",
  hint: "put brackets around what belongs together: (a OR b) AND c",
  *check(statement): Generator<Found> {
    const verb = isGuarded(statement)
    if (verb === undefined) return
    for (const token of mixed(statement.tokens)) {
      const message = `this ${verb} changes rows by a condition in which AND binds closer than OR`
      yield { at: token.start, to: token.end, message }
    }
  }
}
