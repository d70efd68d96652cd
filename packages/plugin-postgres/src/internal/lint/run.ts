/** Looks at files with all rules. */
import * as Effect from "effect/Effect"
import type { SqlUnparsable } from "../../PostgresError.ts"
import { type Parser, parser, type Source } from "../sql/parser.ts"
import { type Ignore, ignoresOf } from "./ignores.ts"
import { read, type Surroundings } from "./read.ts"
import { rules } from "./rules.ts"
import type { Found, Rule, Script, Severity, Statement } from "./script.ts"

/** Something found, where it is in its file. */
export interface Finding {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly endLine: number
  readonly endColumn: number
  readonly rule: string
  readonly severity: Severity
  readonly message: string
  readonly why: string
  readonly hint: string
}

export interface File {
  readonly file: string
  readonly text: string
}

export const syntaxError = {
  name: "syntax-error",
  severity: "error",
  title: "what PostgreSQL's grammar does not understand",
  why: "PostgreSQL refuses the statement; what stands before it may have been done by then.",
  hint: "write it as PostgreSQL understands it; RAISE and other PL/pgSQL only within DO or a function"
} as const satisfies Omit<Rule, "check">

export const badIgnore = {
  name: "bad-ignore",
  severity: "error",
  title: "an ignore without a reason, of no known rule, or that matches nothing",
  why: "An ignore that nobody can explain, or that is about nothing, hides the next finding.",
  hint: "write -- shipshape-ignore rule-name: reason, on the line above the statement"
} as const satisfies Omit<Rule, "check">

/** What `at` and `to` are in the file, with the rule's words where there are no others. */
export const findingOf = (source: Source, rule: Omit<Rule, "check">, found: Found): Finding => {
  const at = source.places.of(found.at)
  const end = source.places.of(found.to ?? endOfWord(source.text, found.at))
  return {
    file: source.file ?? "",
    ...at,
    endLine: end.line,
    endColumn: end.column,
    rule: rule.name,
    severity: found.severity ?? rule.severity,
    message: found.message,
    why: found.why ?? rule.why,
    hint: found.hint ?? rule.hint
  }
}

const word = /"(?:""|[^"])*"|'(?:''|[^'])*'|[\w\u0080-\uffff]+|[^\s\w]+/y

const endOfWord = (text: string, at: number): number => {
  word.lastIndex = at
  return at + (word.exec(text)?.[0].length ?? 1)
}

/** Whether the script makes the table itself, before a statement, so that nobody else knows it. */
const isNew = ({ catalog, facts }: Script, statement: Statement, table: string): boolean => {
  const made = facts.tables.get(table)
  if (made === undefined || made.index >= statement.index) return false
  return !(made.onlyIfMissing && catalog?.tables.has(table) === true)
}

interface Hit {
  readonly rule: string
  readonly statement: Statement
  readonly finding: Finding
}

const hitsOf = (script: Script, source: Source): ReadonlyArray<Hit> =>
  script.statements.flatMap((statement) =>
    rules.flatMap((rule) =>
      [...rule.check(statement, script)]
        .filter(({ table }) => table === undefined || !isNew(script, statement, table))
        .map((found) => ({ rule: rule.name, statement, finding: findingOf(source, rule, found) }))
    )
  )

/** What is left of findings when those are taken away that are ignored, and what is wrong with the ignores. */
const applyIgnores = (source: Source, script: Script, hits: ReadonlyArray<Hit>): ReadonlyArray<Finding> => {
  const ignores = ignoresOf(script.comments)
  const known = new Set(rules.map(({ name }) => name))
  const used = new Set<string>()
  const key = (ignore: Ignore, rule: string) => `${ignore.start} ${rule}`
  const targets = new Map(ignores.map((one) => [one, targetsOf(script, source, one)]))
  const left = hits.filter(({ rule, statement }) => {
    const matching = ignores.filter((one) => one.rules.includes(rule) && targets.get(one)?.has(statement) === true)
    for (const ignore of matching) used.add(key(ignore, rule))
    return !matching.some(({ reason }) => reason !== undefined)
  })
  const wrong = ignores.flatMap((ignore): ReadonlyArray<Found> => {
    const range = { at: ignore.start, to: ignore.end }
    if (ignore.rules.length === 0) return [{ ...range, message: "this ignore names no rule" }]
    const unknown = ignore.rules.filter((name) => !known.has(name))
    const idle = ignore.rules.filter((name) => known.has(name) && !used.has(key(ignore, name)))
    return [
      ...unknown.map((name) => ({ ...range, message: `there is no rule ${name}${nearest(name)}` })),
      ...idle.map((name): Found => ({ ...range, severity: "warning", message: `${name} finds nothing here` })),
      ...(ignore.reason === undefined ? [{ ...range, message: "this ignore says no reason, and is not followed" }] : [])
    ]
  })
  return [...left.map(({ finding }) => finding), ...wrong.map((found) => findingOf(source, badIgnore, found))]
}

/** What an ignore is about: the statement behind which it stands on the same line, or in which, or else the next; with all in it. */
const targetsOf = (script: Script, source: Source, ignore: Ignore): ReadonlySet<Statement> => {
  const { statements } = script
  if (ignore.isForFile) return new Set(statements)
  const last = statements.findLast(
    ({ end }) => end <= ignore.start && !source.text.slice(end, ignore.start).includes("\n")
  )
  const around = statements.findLast(({ end, start }) => start <= ignore.start && ignore.start < end)
  const next = statements.find(({ start }) => start > ignore.start)
  const isNextWithin = around === undefined || (next !== undefined && next.start < around.end)
  const target = last ?? (isNextWithin ? next : around)
  return new Set(
    target === undefined ? [] : statements.filter(({ end, start }) => target.start <= start && end <= target.end)
  )
}

/** A rule whose name is almost that. */
const nearest = (name: string): string => {
  const words = new Set(name.split("-"))
  const scored = rules.map((rule) => ({
    name: rule.name,
    same: rule.name.split("-").filter((word) => words.has(word)).length
  }))
  const best = scored.reduce((a, b) => (b.same > a.same ? b : a), { name: "", same: 1 })
  return best.name === "" ? "" : `; ${best.name} is one`
}

const fromUnparsable = (source: Source, { column, line, what }: SqlUnparsable): Finding => ({
  ...{ file: source.file ?? "", line, column, endLine: line, endColumn: column + 1 },
  ...{ rule: syntaxError.name, severity: syntaxError.severity, message: what },
  ...{ why: syntaxError.why, hint: syntaxError.hint }
})

const lintFile = Effect.fnUntraced(function* (grammar: Parser, { file, text }: File, surroundings: Surroundings) {
  const { script, source, unparsable } = yield* read(grammar, text, file, surroundings)
  const findings = [
    ...unparsable.map((error) => fromUnparsable(source, error)),
    ...applyIgnores(source, script, hitsOf(script, source))
  ]
  return findings.sort((a, b) => a.line - b.line || a.column - b.column)
})

/** Looks at files one after the other; each is a script of its own. */
export const lint = Effect.fnUntraced(function* (files: ReadonlyArray<File>, surroundings: Surroundings) {
  const grammar = yield* parser
  const findings = yield* Effect.forEach(files, (file) => lintFile(grammar, file, surroundings))
  return findings.flat()
})
