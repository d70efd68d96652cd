/** Two schemas on a real server, and what comes of making one into the other. */
import { execFileSync } from "node:child_process"
import * as path from "node:path"
import { Compare, type Sql } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import pg from "pg"
import { expect } from "vitest"
import type { Embedded } from "./embedded.ts"
import * as system from "./system.ts"

type Script = Sql.Script

/** A server on which schemas are compared: the embedded one, or the machine's own, which has `pg_dump`. */
export interface Server {
  readonly url: (database: string) => string
  readonly create: () => Promise<string>
  readonly client: (database: string) => pg.Client
  /** What the schema of a database is, said by something else than what compares. */
  readonly dump: (database: string) => Promise<string>
}

export const embedded = ({ createDatabase, password, port, user }: Embedded): Server => {
  const url = (database: string) => `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`
  const client = (database: string) => new pg.Client({ host: "127.0.0.1", port, user, password, database })
  return { url, client, create: createDatabase, dump: async (database) => catalogOf(client(database)) }
}

export const installed = ({ createDatabase, host, user }: system.SystemServer): Server => ({
  url: (database) => `postgres://${user}@127.0.0.1/${encodeURIComponent(database)}?host=${encodeURIComponent(host)}`,
  client: (database) => new pg.Client({ host, user, database }),
  create: createDatabase,
  dump: async (database) => {
    const program = path.join(system.programs ?? "", "pg_dump")
    const env = { PGHOST: host, PGUSER: user, PGDATABASE: database }
    return sqlOf(execFileSync(program, ["--schema-only"], { env, encoding: "utf8", maxBuffer: 1e9 }))
  }
})

/** A dump without what is only about the dump. */
const sqlOf = (dump: string): string =>
  dump
    .split("\n")
    .filter((line) => !/^(--|\\|SET |\s*$)/.test(line))
    .join("\n")

/** The catalog as text, for a server that has no `pg_dump`: written without a look at what compares. */
const catalog = `SELECT string_agg(line, E'\\n' ORDER BY line) AS text FROM (
  SELECT concat_ws(' ', 'relation', c.oid::regclass, c.relkind, c.relpersistence, c.reloptions, c.relrowsecurity, c.relforcerowsecurity, c.relreplident,
    pg_get_userbyid(c.relowner), (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner))) a), pg_get_expr(c.relpartbound, c.oid), pg_get_partkeydef(c.oid),
    (SELECT array_agg(h.inhparent::regclass ORDER BY h.inhseqno) FROM pg_inherits h WHERE h.inhrelid = c.oid), obj_description(c.oid, 'pg_class')) AS line
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  UNION ALL SELECT concat_ws(' ', 'column', a.attrelid::regclass, row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum), a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
    pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated, a.attcollation::regcollation, a.attstorage, a.attstattarget, a.attacl, col_description(a.attrelid, a.attnum))
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'c', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  UNION ALL SELECT concat_ws(' ', 'constraint', k.conrelid::regclass, k.contypid::regtype, k.conname, pg_get_constraintdef(k.oid), k.convalidated, obj_description(k.oid, 'pg_constraint'))
    FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  UNION ALL SELECT concat_ws(' ', 'index', indexdef) FROM pg_indexes WHERE schemaname !~ '^pg_'
  UNION ALL SELECT concat_ws(' ', 'view', c.oid::regclass, pg_get_viewdef(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE relkind IN ('v', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  UNION ALL SELECT concat_ws(' ', 'type', t.oid::regtype, t.typtype, (SELECT array_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid), t.typdefault, t.typnotnull, t.typbasetype::regtype)
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND t.typelem = 0
  UNION ALL SELECT concat_ws(' ', 'function', p.oid::regprocedure, pg_get_functiondef(p.oid), (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(coalesce(p.proacl, acldefault('f', p.proowner))) a)) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND p.prokind <> 'a' AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
  UNION ALL SELECT concat_ws(' ', 'trigger', pg_get_triggerdef(oid), tgenabled) FROM pg_trigger WHERE NOT tgisinternal
  UNION ALL SELECT concat_ws(' ', 'policy', schemaname, tablename, policyname, permissive, roles, cmd, qual, with_check) FROM pg_policies
  UNION ALL SELECT concat_ws(' ', 'sequence', schemaname, sequencename, data_type, start_value, min_value, max_value, increment_by, cycle) FROM pg_sequences
  UNION ALL SELECT concat_ws(' ', 'schema', nspname, pg_get_userbyid(nspowner), (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(coalesce(nspacl, acldefault('n', nspowner))) a)) FROM pg_namespace WHERE nspname !~ '^pg_'
  UNION ALL SELECT concat_ws(' ', 'extension', extname) FROM pg_extension
  UNION ALL SELECT concat_ws(' ', 'defaults', defaclrole::regrole, defaclnamespace::regnamespace, defaclobjtype, (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(defaclacl) a)) FROM pg_default_acl
  UNION ALL SELECT concat_ws(' ', 'statistics', pg_get_statisticsobjdef(oid)) FROM pg_statistic_ext
  UNION ALL SELECT concat_ws(' ', 'rule', definition) FROM pg_rules WHERE schemaname !~ '^pg_' AND schemaname <> 'information_schema'
) q`

const catalogOf = async (client: pg.Client): Promise<string> => {
  await client.connect()
  try {
    await client.query("SET search_path = pg_catalog")
    return String((await client.query(catalog)).rows[0]?.text)
  } finally {
    await client.end()
  }
}

const load = async (server: Server, sql: string): Promise<string> => {
  const database = await server.create()
  await ask(server, database, sql)
  return database
}

export const ask = async (server: Server, database: string, sql: string): Promise<ReadonlyArray<pg.QueryResult>> => {
  const client = server.client(database)
  await client.connect()
  try {
    return [await client.query(sql)].flat()
  } finally {
    await client.end()
  }
}

/** Runs units as they are printed. */
export const run = async (server: Server, database: string, { units }: Pick<Script, "units">): Promise<void> => {
  const client = server.client(database)
  await client.connect()
  try {
    for (const { statements, transaction } of units) {
      if (transaction) await client.query("BEGIN")
      for (const { sql } of statements) {
        await client.query(sql).catch((cause: unknown) => {
          throw new Error(`${String(cause)}\n${sql}`, { cause })
        })
      }
      if (transaction) await client.query("COMMIT")
    }
  } finally {
    await client.end()
  }
}

export interface Converged {
  readonly script: Script
  /** All statements, one a line. */
  readonly text: string
  readonly database: string
}

type Given = Omit<Compare.Options, "from" | "to">

/** Makes both schemas, compares them, runs what comes of it, and expects them to be equal then, and nothing to be left. */
export const converge = async (server: Server, from: string, to: string, given: Given = {}): Promise<Converged> => {
  const [before, after] = [await load(server, from), await load(server, to)]
  const compare = (options: Given) =>
    Effect.runPromise(Compare.compare({ from: server.url(before), to: server.url(after), ...options }))
  const script = await compare(given)
  await run(server, before, script)
  expect(await server.dump(before)).toBe(await server.dump(after))
  expect((await compare({})).units).toEqual([])
  const text = script.units.flatMap(({ statements }) => statements.map(({ sql }) => sql)).join("\n")
  return { script, text, database: before }
}

/** Compares without running anything. */
export const compared = async (server: Server, from: string, to: string, given: Given = {}): Promise<Script> => {
  const [before, after] = [await load(server, from), await load(server, to)]
  return Effect.runPromise(Compare.compare({ from: server.url(before), to: server.url(after), ...given }))
}
