/** A server of the benchmark's own, and the tables that rows are carried into. */
import { execFileSync } from "node:child_process"
import * as path from "node:path"
import { Target } from "@shipshape/core"
import { Postgres } from "@shipshape/plugin-postgres"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import { programs, type SystemServer } from "../../packages/plugin-postgres/test/support/system.ts"

/** How much of the whole is measured: `--scale=0.1` for a tenth. */
export const scale = Number(process.argv.find((word) => word.startsWith("--scale="))?.slice(8) ?? 1)

/** As master data is: a key, a natural key, a reference, and a few values. */
export const ddl = `
CREATE TABLE countries (id int PRIMARY KEY, code text NOT NULL UNIQUE);
INSERT INTO countries SELECT n, 'c' || n FROM generate_series(1, 200) n;
CREATE TABLE suppliers (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, name text NOT NULL, country_id int NOT NULL REFERENCES countries,
  balance numeric(12, 2), made timestamptz NOT NULL, note text)`

export const filling = (
  rows: number
) => `INSERT INTO suppliers SELECT n, 'supplier-' || n || '@example.org', 'Supplier number ' || n, 1 + n % 200,
  n * 1.25, '2024-01-01'::timestamptz + n * interval '1 second', CASE WHEN n % 3 = 0 THEN 'a note of some length on number ' || n END
  FROM generate_series(1, ${rows}) n`

export const layerOf = ({ host, user }: Pick<SystemServer, "host" | "user">, database: string) =>
  Layer.provide(Result.getOrThrow(Postgres.server({ host, user, database }).layer(new Map())), Target.local())

/** Runs one of the server's client programs on a database. */
export const client = ({ host, user }: SystemServer, name: string, database: string, args: ReadonlyArray<string>) =>
  execFileSync(path.join(programs ?? "", name), ["-h", host, "-U", user, "-d", `dbname='${database}'`, ...args])

/** How all rows of a folder go into the table. */
export const importing = (directory: string) => ({
  directory,
  tables: [{ schema: "public", name: "suppliers", exclude: [], existing: "update" as const, initial: [] }]
})
