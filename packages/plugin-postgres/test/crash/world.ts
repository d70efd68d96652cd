/** The world that is killed in, and the picture of it that is compared: everything, and nothing of it through the probes. */
import * as fs from "node:fs"
import * as path from "node:path"
import pg from "pg"
import type { Embedded } from "../support/embedded.ts"
import { before } from "./deployment.ts"
import * as power from "./power.ts"
import { application, told } from "./steps.ts"

/** One world: a database of its own, and a folder of its own. */
export interface World {
  readonly database: string
  readonly directory: string
}

export interface Worlds {
  /** Makes another one, as it is before the first run. */
  readonly make: () => Promise<World>
  readonly remove: (world: World) => Promise<void>
}

const template = "crash_template"

/** Makes worlds that are all the same, below a folder. */
export const worlds = async (server: Embedded, root: string): Promise<Worlds> => {
  let made = 0
  await server.sql("postgres", `CREATE DATABASE ${template}`)
  await server.sql(template, before)
  return {
    make: async () => {
      made += 1
      const database = `crash_${made}`
      await server.sql("postgres", `CREATE DATABASE ${database} TEMPLATE ${template}`)
      const directory = path.join(root, database)
      fs.mkdirSync(path.join(directory, application, "old"), { recursive: true, mode: 0o755 })
      fs.writeFileSync(path.join(directory, application, "config.json"), "{}\n", { mode: 0o600 })
      fs.writeFileSync(path.join(directory, application, "old", "notes"), "from before\n", { mode: 0o600 })
      const world = { database, directory }
      power.syncAll(world)
      return world
    },
    remove: async (world) => {
      const { database, directory } = world
      fs.rmSync(directory, { recursive: true, force: true })
      power.forget(world)
      await server.sql("postgres", `DROP DATABASE ${database} WITH (FORCE)`)
    }
  }
}

/** Whatever somebody has made in a database, in words of PostgreSQL's own; what belongs to an extension goes with it. */
const catalogue = `
WITH mine AS (
  SELECT oid FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
), of_extensions AS (SELECT objid FROM pg_depend WHERE deptype = 'e')
SELECT concat_ws(' ', 'schema', nspname, nspacl) AS line FROM pg_namespace WHERE oid IN (TABLE mine)
UNION ALL SELECT concat_ws(' ', 'extension', extname, extversion) FROM pg_extension
UNION ALL SELECT concat_ws(' ', 'type', typname, typtype, (SELECT string_agg(enumlabel, ', ' ORDER BY enumsortorder)
  FROM pg_enum WHERE enumtypid = t.oid)) FROM pg_type t
  WHERE typnamespace IN (TABLE mine) AND oid NOT IN (TABLE of_extensions)
UNION ALL SELECT concat_ws(' ', 'relation', relname, relkind, relpersistence, relacl)
  FROM pg_class WHERE relnamespace IN (TABLE mine) AND oid NOT IN (TABLE of_extensions)
UNION ALL SELECT concat_ws(' ', 'column', relname, attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid))
  FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid LEFT JOIN pg_attrdef d ON adrelid = attrelid AND adnum = attnum
  WHERE relnamespace IN (TABLE mine) AND attnum > 0 AND NOT attisdropped
UNION ALL SELECT concat_ws(' ', 'constraint', conname, convalidated, pg_get_constraintdef(oid)) FROM pg_constraint
  WHERE connamespace IN (TABLE mine)
UNION ALL SELECT concat_ws(' ', 'index', indisvalid, pg_get_indexdef(indexrelid)) FROM pg_index JOIN pg_class c ON c.oid = indexrelid
  WHERE relnamespace IN (TABLE mine)
UNION ALL SELECT concat_ws(' ', 'function', proname, md5(pg_get_functiondef(oid))) FROM pg_proc
  WHERE pronamespace IN (TABLE mine) AND oid NOT IN (TABLE of_extensions)
ORDER BY 1`

const tables = `SELECT quote_ident(nspname) || '.' || quote_ident(relname) AS name FROM pg_class c
JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind = 'r' AND nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY 1`

const pictureOfDatabase = async (server: Embedded, { database }: World): Promise<ReadonlyArray<string>> => {
  const { password, port, user } = server
  const client = new pg.Client({ host: "127.0.0.1", port, user, password, database })
  await client.connect()
  try {
    const lines: Array<string> = (await client.query(catalogue)).rows.map(({ line }) => line)
    for (const { name } of (await client.query(tables)).rows) {
      const { rows } = await client.query(`SELECT to_jsonb(t)::text AS row FROM ${name} t ORDER BY 1`)
      lines.push(...rows.map(({ row }) => `row of ${name} ${row}`))
    }
    return lines
  } finally {
    await client.end()
  }
}

const pictureOfFolder = (folder: string, below = ""): ReadonlyArray<string> =>
  fs
    .readdirSync(path.join(folder, below))
    .sort()
    .flatMap((name) => {
      const inside = path.join(below, name)
      const stats = fs.lstatSync(path.join(folder, inside))
      const facts = `${inside} ${stats.mode.toString(8)} ${stats.uid}:${stats.gid}`
      if (stats.isDirectory()) return [facts, ...pictureOfFolder(folder, inside)]
      return [`${facts} ${JSON.stringify(fs.readFileSync(path.join(folder, inside), "utf8"))}`]
    })

/** Everything in a world that a deployment has to do with, a line for each fact. */
export const picture = async (server: Embedded, world: World): Promise<ReadonlyArray<string>> => [
  ...(await pictureOfDatabase(server, world)),
  ...(fs.existsSync(path.join(world.directory, application))
    ? pictureOfFolder(path.join(world.directory, application))
    : [])
]

/** Who was told what: a line for each time. */
export const toldIn = ({ directory }: World): ReadonlyArray<{ readonly step: string; readonly key: string }> => {
  const file = path.join(directory, told)
  if (!fs.existsSync(file)) return []
  return fs
    .readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => {
      const [, step = "", key = ""] = line.split(" ")
      return { step, key }
    })
}
