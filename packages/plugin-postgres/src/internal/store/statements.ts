/** The statements of a store in PostgreSQL: names are quoted, everything else is a parameter. */
import { createHash } from "node:crypto"
import type { Store } from "@shipshape/core"
import { escapeIdentifier, type Statement } from "../connect.ts"

/** Raised when earlier versions can no longer work with the tables. */
export const tablesVersion = 1

/** What stands in the lease when its run begins. */
interface NewLease {
  readonly mode: string
  /** JSON. */
  readonly who: string
  readonly since: number
}

/** The statements for one schema, and one place in it. */
export interface Statements {
  /** Takes the lock and writes the lease, or gives no row where another session has the lock. */
  readonly take: (lease: NewLease) => Statement
  /** The sessions that have the lock: at most one, and its lease where that is its own. */
  readonly holders: Statement
  /** Whether the session that asks still has the lock, and the lease. */
  readonly held: (run: number) => Statement
  readonly at: (run: number, step: string) => Statement
  readonly leave: (run: number) => Statement
  readonly free: Statement
  /** As `append`, and from then on the run's number is used. */
  readonly begin: (run: number, lines: ReadonlyArray<string>) => Statement
  readonly append: (run: number, lines: ReadonlyArray<string>) => Statement
  readonly writeRelease: (run: number, number: number, json: string) => Statement
  readonly removeRelease: (run: number, number: number) => Statement
  readonly removeRun: (run: number, old: number) => Statement
  /** Takes the lease from its run, whose number is used then; gives no row where it is that session's no longer. */
  readonly break: (run: number, pid: number) => Statement
  /** As `append`, whoever has the lease. */
  readonly note: (run: number, line: string) => Statement
  readonly terminate: (pid: number) => Statement
  readonly runs: Statement
  readonly journal: (run: number) => Statement
  readonly releases: Statement
}

/** Names of the tables, quoted. */
export const tablesOf = (schema: string) => {
  const named = (name: string) => `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`
  return { version: named("version"), leases: named("leases"), journal: named("journal"), releases: named("releases") }
}

/** The number of the advisory lock, as text: of 64 bits, signed. */
const lockOf = (schema: string, { deployment, environment }: Store.Place): string =>
  createHash("sha256")
    .update(JSON.stringify(["shipshape", schema, deployment, environment]))
    .digest()
    .readBigInt64BE(0)
    .toString()

/** Rows of pg_locks that are an advisory lock. The server keeps its two halves apart. */
const isLock = (parameter: string) => `l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
  AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
  AND ((l.classid::bigint << 32) | l.objid::bigint) = ${parameter}::bigint`

export const make = (schema: string, place: Store.Place): Statements => {
  const tables = tablesOf(schema)
  const lock = lockOf(schema, place)
  const { deployment, environment } = place
  const here = [deployment, environment]
  const ownLease = "deployment = $1 AND environment = $2 AND run = $3 AND pid = pg_catalog.pg_backend_pid()"
  // The lease of a run, for the session that holds it alone. It is locked until the statement ends: breaking it waits.
  const lease = `lease AS (
    SELECT 1 FROM ${tables.leases} WHERE ${ownLease} FOR SHARE
  )`
  const beginning = `lease AS (UPDATE ${tables.leases} SET begun = true WHERE ${ownLease} RETURNING 1)`
  /** A write that the lease's run alone can do. It says whether that is so. */
  const fenced = (run: number, write: string, values: ReadonlyArray<unknown>, fence = lease): Statement => ({
    text: `WITH ${fence}, written AS (${write}) SELECT EXISTS (SELECT FROM lease) AS held`,
    values: [...here, run, ...values]
  })
  const insertLines = (condition: string) =>
    `INSERT INTO ${tables.journal} (deployment, environment, run, seq, line)
    SELECT $1, $2, $3, newest.seq + added.place, added.line
    FROM (
      SELECT coalesce(max(seq), 0) AS seq FROM ${tables.journal} WHERE deployment = $1 AND environment = $2 AND run = $3
    ) AS newest, pg_catalog.unnest($4::text[]) WITH ORDINALITY AS added (line, place) ${condition}`
  return {
    take: ({ mode, since, who }) => ({
      text: `WITH lock AS (SELECT pg_catalog.pg_try_advisory_lock($1::bigint) AS taken)
        INSERT INTO ${tables.leases} AS lease (deployment, environment, run, begun, mode, who, since, pid, backend_start)
        SELECT $2, $3, 1, false, $4, $5::json, $6::bigint, pg_catalog.pg_backend_pid(), (
          SELECT backend_start FROM pg_catalog.pg_stat_activity WHERE pid = pg_catalog.pg_backend_pid()
        )
        FROM lock WHERE taken
        ON CONFLICT (deployment, environment) DO UPDATE SET
          run = lease.run + lease.begun::int, begun = false, mode = excluded.mode, who = excluded.who, since = excluded.since, step = NULL,
          pid = excluded.pid, backend_start = excluded.backend_start
        RETURNING run`,
      values: [lock, ...here, mode, who, since]
    }),
    holders: {
      // Numbers of processes are used again: the lease counts where its session is the one that has the lock now.
      text: `SELECT l.pid, lease.run, lease.mode, lease.who, lease.since::float8 AS since, lease.step
        FROM pg_catalog.pg_locks l
        LEFT JOIN pg_catalog.pg_stat_activity session ON session.pid = l.pid
        LEFT JOIN ${tables.leases} lease ON lease.deployment = $2 AND lease.environment = $3 AND lease.pid = l.pid
          AND coalesce(session.backend_start = lease.backend_start, true)
        WHERE ${isLock("$1")}`,
      values: [lock, ...here]
    },
    held: (run) => ({
      text: `SELECT
        EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.pid = pg_catalog.pg_backend_pid() AND ${isLock("$4")}) AS locked,
        EXISTS (SELECT FROM ${tables.leases} WHERE ${ownLease}) AS leased`,
      values: [...here, run, lock]
    }),
    at: (run, step) => ({
      text: `UPDATE ${tables.leases} SET step = $4 WHERE ${ownLease}`,
      values: [...here, run, step]
    }),
    leave: (run) => ({
      text: `UPDATE ${tables.leases} SET pid = NULL, step = NULL WHERE ${ownLease}`,
      values: [...here, run]
    }),
    free: { text: "SELECT pg_catalog.pg_advisory_unlock($1::bigint)", values: [lock] },
    begin: (run, lines) => fenced(run, insertLines("WHERE EXISTS (SELECT FROM lease)"), [lines], beginning),
    append: (run, lines) => fenced(run, insertLines("WHERE EXISTS (SELECT FROM lease)"), [lines]),
    writeRelease: (run, number, json) =>
      fenced(
        run,
        `INSERT INTO ${tables.releases} (deployment, environment, number, release)
        SELECT $1, $2, $4, $5::json FROM lease
        ON CONFLICT (deployment, environment, number) DO UPDATE SET release = excluded.release`,
        [number, json]
      ),
    removeRelease: (run, number) =>
      fenced(
        run,
        `DELETE FROM ${tables.releases}
        WHERE deployment = $1 AND environment = $2 AND number = $4 AND EXISTS (SELECT FROM lease)`,
        [number]
      ),
    removeRun: (run, old) =>
      fenced(
        run,
        `DELETE FROM ${tables.journal}
        WHERE deployment = $1 AND environment = $2 AND run = $4 AND EXISTS (SELECT FROM lease)`,
        [old]
      ),
    break: (run, pid) => ({
      text: `UPDATE ${tables.leases} SET pid = NULL, begun = true
        WHERE deployment = $1 AND environment = $2 AND run = $3 AND pid = $4 RETURNING run`,
      values: [...here, run, pid]
    }),
    note: (run, line) => ({ text: insertLines(""), values: [...here, run, [line]] }),
    terminate: (pid) => ({
      text: `SELECT pg_catalog.pg_terminate_backend(l.pid) FROM pg_catalog.pg_locks l WHERE l.pid = $2 AND ${isLock("$1")}`,
      values: [lock, pid]
    }),
    runs: {
      text: `SELECT DISTINCT run FROM ${tables.journal} WHERE deployment = $1 AND environment = $2 ORDER BY run`,
      values: here
    },
    journal: (run) => ({
      text: `SELECT coalesce(string_agg(line, '' ORDER BY seq), '') AS text FROM ${tables.journal}
        WHERE deployment = $1 AND environment = $2 AND run = $3`,
      values: [...here, run]
    }),
    releases: {
      text: `SELECT release FROM ${tables.releases} WHERE deployment = $1 AND environment = $2 ORDER BY number`,
      values: here
    }
  }
}
