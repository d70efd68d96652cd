/** Runs files on a copy of a database's schema that has no rows, and says which locks were really taken. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { QueryError } from "../../PostgresError.ts"
import type { Address } from "../address.ts"
import { seen } from "../compare/comparing.ts"
import { type Database, notTunnelled, open, serverAt } from "../compare/database.ts"
import { copyOf } from "../compare/scratch.ts"
import { reachesBeyond } from "../sql/beyond.ts"
import { parser } from "../sql/parser.ts"
import { read, type Surroundings } from "./read.ts"
import { concurrently, inTransaction } from "./rules/outsideOfTransactions.ts"
import { type File, type Finding, findingOf } from "./run.ts"
import { type Found, head, type Rule, type Script, type Statement, transactionOf } from "./script.ts"

export const lockTaken = {
  name: "lock-taken",
  severity: "notice",
  title: "a lock that a statement takes, and a table that it writes anew",
  why: "It was run on a copy of the schema without rows. How long the lock is held depends on the rows, and on what else the transaction does.",
  hint: "ACCESS EXCLUSIVE stops readers and writers; SHARE and SHARE ROW EXCLUSIVE stop writers; weaker ones stop neither"
} as const satisfies Omit<Rule, "check">

export const statementFails = {
  name: "statement-fails",
  severity: "error",
  title: "a statement that fails on a copy of the schema",
  why: "It fails on the database in the same way, and what stands before it outside of a transaction has been done by then.",
  hint: "correct it, or the order of the files"
} as const satisfies Omit<Rule, "check">

const own = "n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_'"

const tables = `SELECT c.oid::regclass::text AS name, pg_relation_filenode(c.oid)::text AS file
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'm', 'p') AND ${own} ORDER BY 1`

const held = `SELECT l.relation::regclass::text AS name, l.mode FROM pg_locks l
JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE l.pid = pg_backend_pid() AND l.granted AND l.locktype = 'relation' AND c.relkind IN ('r', 'm', 'p') AND ${own} ORDER BY 1`

/** From the weakest that others notice to the strongest. */
const modes = ["ShareUpdateExclusiveLock", "ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"]

/** `AccessExclusiveLock` as the manual writes it. */
const written = (mode: string): string =>
  mode
    .replace(/Lock$/, "")
    .replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter}`)
    .toUpperCase()

/** What one connection holds, by table: the place in `modes`. */
type Held = ReadonlyMap<string, number>

const heldBy = (database: Database): Effect.Effect<Held, QueryError> =>
  Effect.map(database.query(held), (rows) => {
    const found = new Map<string, number>()
    for (const { mode, name } of rows) {
      found.set(String(name), Math.max(found.get(String(name)) ?? -1, modes.indexOf(String(mode))))
    }
    return found
  })

const filesOf = (database: Database): Effect.Effect<ReadonlyMap<string, string>, QueryError> =>
  Effect.map(database.query(tables), (rows) => new Map(rows.map(({ file, name }) => [String(name), String(file)])))

/** Whether PostgreSQL refuses it in a transaction, so that it is run without one, and its locks are gone afterwards. */
const isAlone = (statement: Statement, script: Script): boolean => {
  const within: Statement = { ...statement, transaction: { id: 0, by: "file" } }
  const refused = [...concurrently.check(within, script), ...inTransaction.check(within, script)]
  return refused.length > 0 || "CallStmt" in statement.node || (statement.body?.ends.length ?? 0) > 0
}

/** Whether it would do something beside the copy, or waits for rows. */
const isLeftOut = (statement: Statement, { statements }: Script): boolean =>
  "CopyStmt" in statement.node ||
  statements.some(({ end, node, start }) => statement.start <= start && end <= statement.end && reachesBeyond(node))

/** Runs one statement, and gives what it adds to what the transaction holds. */
const runOne = Effect.fnUntraced(function* (database: Database, script: Script, statement: Statement) {
  const isOwn = statement.transaction === undefined && transactionOf(statement) === undefined
  const wraps = isOwn && !isAlone(statement, script)
  const files = yield* filesOf(database)
  if (wraps) yield* database.run("BEGIN")
  const before = yield* heldBy(database)
  yield* database.run(script.text.slice(statement.start, statement.end))
  const [after, filesAfter] = [yield* heldBy(database), yield* filesOf(database)]
  if (wraps) yield* database.run("COMMIT")
  const locks = [...after].flatMap(([name, mode]) =>
    files.has(name) && mode > (before.get(name) ?? -1) ? [`${written(modes[mode] ?? "")} on ${name}`] : []
  )
  const anew = [...files].flatMap(([name, file]) =>
    filesAfter.has(name) && filesAfter.get(name) !== file ? [`${name} is written anew`] : []
  )
  return [...locks, ...anew]
})

const traceFile = Effect.fnUntraced(function* (database: Database, file: File, surroundings: Surroundings) {
  const { script, source } = yield* read(yield* parser, file.text, file.file, surroundings)
  const findings: Array<Finding> = []
  const say = (rule: Omit<Rule, "check">, found: Found) => {
    findings.push(findingOf(source, rule, found))
  }
  if (surroundings.inTransaction) yield* database.run("BEGIN")
  for (const statement of script.statements) {
    if (statement.within !== undefined || isLeftOut(statement, script)) continue
    const result = yield* Effect.result(runOne(database, script, statement))
    if (Result.isFailure(result)) {
      say(statementFails, { ...head(statement, 2), message: result.failure.message })
      break
    }
    if (result.success.length > 0) say(lockTaken, { ...head(statement, 2), message: result.success.join(", ") })
  }
  // COMMIT of a transaction that has failed rolls it back.
  yield* Effect.ignore(database.run(surroundings.inTransaction ? "COMMIT" : "ROLLBACK"))
  return findings
})

/** Files are run one after the other, each upon what those before it have made. */
export const trace = Effect.fnUntraced(
  function* (files: ReadonlyArray<File>, address: Address, surroundings: Surroundings) {
    const server = yield* open(serverAt(address))
    const copy = yield* copyOf(server, yield* seen(server), seen)
    yield* copy.database.run("SET lock_timeout = '5s'")
    const found = yield* Effect.forEach(files, (file) => traceFile(copy.database, file, surroundings))
    return found.flat()
  },
  notTunnelled,
  Effect.scoped
)
