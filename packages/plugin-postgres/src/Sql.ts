/**
 * What statements do to a database, before they are run: in which transactions they have to go, what they lock, what they
 * rewrite, and what is lost by them.
 *
 * @since 0.1.0
 */

/**
 * The strongest lock that a statement takes on a table that is there, by PostgreSQL's own names.
 *
 * @since 0.1.0
 */
export type Lock =
  | "ACCESS SHARE"
  | "ROW SHARE"
  | "ROW EXCLUSIVE"
  | "SHARE UPDATE EXCLUSIVE"
  | "SHARE"
  | "SHARE ROW EXCLUSIVE"
  | "EXCLUSIVE"
  | "ACCESS EXCLUSIVE"

/**
 * A statement, and what it costs.
 *
 * @since 0.1.0
 */
export interface Statement {
  readonly sql: string
  readonly lock?: Lock
  /** The whole table, or an index of it, is written anew. */
  readonly rewrite?: boolean
  /** Rows, values or labels are gone afterwards. */
  readonly dataLoss?: boolean
}

/**
 * Statements that are committed together; where `transaction` is false, each by itself, in autocommit.
 *
 * @since 0.1.0
 */
export interface Unit {
  readonly transaction: boolean
  readonly statements: ReadonlyArray<Statement>
}

/**
 * What somebody should know before statements are run. An error stands in the way: it needs to be acknowledged, or written
 * in another way.
 *
 * @since 0.1.0
 */
export interface Hazard {
  readonly kind: "data-loss" | "drop" | "unsupported" | "lock" | "rewrite" | "unproven" | "irreversible"
  /** What it is about, as PostgreSQL names it: `public.orders.total`. */
  readonly object: string
  readonly message: string
  readonly severity: "error" | "warning" | "notice"
}

/**
 * Statements in the order in which they must run, and what should be known of them.
 *
 * @since 0.1.0
 */
export interface Script {
  readonly units: ReadonlyArray<Unit>
  readonly hazards: ReadonlyArray<Hazard>
}
