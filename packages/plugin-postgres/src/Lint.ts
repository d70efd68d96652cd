/**
 * Looks at SQL before it is run: what PostgreSQL refuses, what keeps others waiting, what breaks programs that are running,
 * what is lost, and what does not do what it seems to do. The rules have squawk's names where it has one.
 *
 * @since 0.1.0
 */

import type { Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { ScratchImpossible } from "./CompareError.ts"
import * as address from "./internal/address.ts"
import { readCatalog } from "./internal/lint/catalogReading.ts"
import { rules as checked } from "./internal/lint/rules.ts"
import * as run from "./internal/lint/run.ts"
import * as tracing from "./internal/lint/trace.ts"
import type { ConnectError, ConnectionOptionsInvalid, QueryError } from "./PostgresError.ts"

/**
 * How much a finding weighs. An error fails, loses something, stops others or breaks programs; a warning may; a notice is
 * regretted later.
 *
 * @since 0.1.0
 */
export type Severity = "error" | "warning" | "notice"

/**
 * A file of statements, as it is read.
 *
 * @since 0.1.0
 */
export interface File {
  /** How findings name it. */
  readonly file: string
  readonly text: string
}

/**
 * Something that a rule found.
 *
 * @since 0.1.0
 */
export interface Finding {
  readonly file: string
  /** From 1. */
  readonly line: number
  /** From 1, in characters. */
  readonly column: number
  readonly endLine: number
  /** Behind its last character. */
  readonly endColumn: number
  readonly rule: string
  readonly severity: Severity
  readonly message: string
  /** Why it matters. */
  readonly why: string
  /** What to write instead. */
  readonly hint: string
}

/**
 * A rule, as it is told.
 *
 * @since 0.1.0
 */
export interface Rule {
  readonly name: string
  /** What most of its findings weigh. */
  readonly severity: Severity
  /** What it looks for. */
  readonly title: string
  readonly why: string
  readonly hint: string
}

/**
 * What is known besides the files.
 *
 * @since 0.1.0
 */
export interface Options {
  /** The server's major version. Without it, and without `against`, what holds on 12 and later is said. */
  readonly serverVersion?: number
  /** Whoever runs a file does so in one transaction. By default only what stands between BEGIN and COMMIT is in one. */
  readonly inTransaction?: boolean
  /** The URL of the database that the statements are for. It is only read: types, indexes, sizes, and its version. */
  readonly against?: string | Redacted.Redacted<string>
}

/**
 * All rules, in the order in which they are listed.
 *
 * @example
 * ```ts
 * import { Lint } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 *
 * const rule = Lint.rules.find(({ name }) => name === "require-concurrent-index-creation")
 * assert.equal(rule?.severity, "error")
 * ```
 *
 * @since 0.1.0
 */
export const rules: ReadonlyArray<Rule> = [
  run.syntaxError,
  ...checked,
  run.badIgnore,
  tracing.statementFails,
  tracing.lockTaken
].map(({ hint, name, severity, title, why }) => ({ name, severity, title, why, hint }))

/**
 * Looks at files, each a script of its own, and gives what is found in the order of files and lines.
 *
 * Tables that a file makes itself hold up nobody, and are left out. It looks into DO blocks and texts that they execute.
 * What somebody accepts is written above the statement, with its reason: `-- shipshape-ignore ban-drop-column: empty since
 * May`; an ignore without a reason, of no known rule, or that matches nothing is a finding itself.
 *
 * @example
 * ```ts
 * import { Lint } from "@shipshape/plugin-postgres"
 * import * as Effect from "effect/Effect"
 * import assert from "node:assert"
 *
 * const text = "ALTER TABLE orders ALTER COLUMN status SET NOT NULL;"
 * const [finding] = await Effect.runPromise(Lint.lint([{ file: "0007.sql", text }]))
 * assert.equal(finding?.rule, "adding-not-nullable-field")
 * assert.equal(finding?.column, 20)
 * ```
 *
 * @since 0.1.0
 */
export const lint = (
  files: ReadonlyArray<File>,
  options: Options = {}
): Effect.Effect<
  ReadonlyArray<Finding>,
  ConnectError | ConnectionOptionsInvalid | QueryError | Target.TargetUnavailable
> =>
  Effect.gen(function* () {
    const { against, inTransaction = false, serverVersion } = options
    const catalog =
      against === undefined ? undefined : yield* Effect.flatMap(address.resolve({ url: against }), readCatalog)
    return yield* run.lint(files, { catalog, inTransaction, version: serverVersion ?? catalog?.version })
  })

/**
 * Runs files, one after the other, on a copy of a database's schema, and gives which locks each statement really takes on
 * tables that are there, which tables it writes anew, and where one fails: as findings of `lock-taken` and
 * `statement-fails`. The copy has no rows; it is made on the same server, where the user must be allowed to make databases,
 * and is dropped again. The database itself is only read.
 *
 * @example
 * ```ts
 * import { Lint } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const files = [{ file: "0007.sql", text: "ALTER TABLE orders ADD COLUMN note text;" }]
 * const tracing = Lint.trace(files, { against: "postgres://shop@127.0.0.1:5433/shop" })
 * assert.ok(Effect.isEffect(tracing))
 * ```
 *
 * @since 0.1.0
 */
export const trace = (
  files: ReadonlyArray<File>,
  options: Required<Pick<Options, "against">> & Pick<Options, "inTransaction">
): Effect.Effect<ReadonlyArray<Finding>, ConnectError | ConnectionOptionsInvalid | QueryError | ScratchImpossible> =>
  Effect.flatMap(address.resolve({ url: options.against }), (server) =>
    tracing.trace(files, server, {
      inTransaction: options.inTransaction === true,
      catalog: undefined,
      version: undefined
    })
  )
