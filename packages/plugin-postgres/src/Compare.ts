/**
 * Two schemas, and the statements that make one into the other: in the order and in the transactions in which they run,
 * with what they lock, rewrite and lose.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { RenamesInvalid, SchemaUnreadable, ScratchImpossible } from "./CompareError.ts"
import { between } from "./internal/compare/between.ts"
import { notTunnelled } from "./internal/compare/database.ts"
import { everything } from "./internal/compare/narrowing.ts"
import * as renaming from "./internal/compare/renames.ts"
import { both } from "./internal/compare/sides.ts"
import type {
  ConnectError,
  ConnectionOptionsInvalid,
  QueryError,
  SqlUnparsable,
  UsageInvalid
} from "./PostgresError.ts"
import type { Script } from "./Sql.ts"

/**
 * Something that only has another name now. Names are as in `public.orders`; without a schema, `public` is meant.
 *
 * @since 0.1.0
 */
export type Rename = renaming.Rename

/**
 * What is compared, and how.
 *
 * @since 0.1.0
 */
export interface Options {
  /** What there is: the URL of a database, a file of SQL as `pg_dump --schema-only` writes it, or a folder of such. */
  readonly from: string | Redacted.Redacted<string>
  /** What there should be, likewise. */
  readonly to: string | Redacted.Redacted<string>
  /** What is renamed and not dropped; nothing is ever guessed. */
  readonly renames?: ReadonlyArray<Rename>
  /** Whether indexes and constraints of tables that are there are made without holding up who uses them. */
  readonly online?: boolean
  /** Whether the statements are run on a copy of the schema, and what comes of that compared with what should. */
  readonly prove?: boolean
  /** The URL of a server on which scratch databases are made; that of `from` or `to` where there is none. */
  readonly scratch?: string | Redacted.Redacted<string> | undefined
}

/**
 * How comparing fails.
 *
 * @since 0.1.0
 */
export type CompareError =
  | ConnectError
  | ConnectionOptionsInvalid
  | QueryError
  | RenamesInvalid
  | SchemaUnreadable
  | ScratchImpossible
  | SqlUnparsable
  | UsageInvalid

/**
 * Compares two schemas. Neither side is changed: copies are made in scratch databases, which are gone afterwards. What
 * cannot be set by statements, and what is lost by them, is among the hazards.
 *
 * @example
 * ```ts
 * import { Compare } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const drift = Compare.compare({ from: "postgres://app@127.0.0.1:1/app", to: "schema/" })
 * const error = await Effect.runPromise(Effect.flip(drift))
 * assert.equal(error.code, "postgres.server-unreachable")
 * ```
 *
 * @since 0.1.0
 */
export const compare: (options: Options) => Effect.Effect<Script, CompareError> = Effect.fn("postgres.compare")(
  (options) => Effect.scoped(notTunnelled(comparing(options)))
)

const comparing = Effect.fnUntraced(function* (options: Options) {
  const { renames = [], online = false, prove = false } = options
  const sides = yield* both(options.from, options.to, options.scratch)
  return yield* between(sides, { ...everything, renames, repeats: false, online, prove })
})

/**
 * Reads a file of renames. What is wrong is said with its place: `renames[1].to`.
 *
 * @example
 * ```ts
 * import { Compare } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const wrong = Compare.renames('[{ "kind": "column", "table": "orders", "from": "total" }]')
 * assert.match((await Effect.runPromise(Effect.flip(wrong))).message, /^renames\[0\]\.to: /)
 * ```
 *
 * @since 0.1.0
 */
export const renames: (text: string) => Effect.Effect<ReadonlyArray<Rename>, RenamesInvalid> = renaming.read
