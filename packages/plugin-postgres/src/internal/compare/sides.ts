/** What is compared: a database, or files of SQL that are run in a scratch database. */
import * as fs from "node:fs/promises"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { SchemaUnreadable } from "../../CompareError.ts"
import { UsageInvalid } from "../../PostgresError.ts"
import * as address from "../address.ts"
import { reachingBeyond } from "../sql/plan.ts"
import type { SqlStatement } from "../sql/split.ts"
import { statementsOf } from "../sql/split.ts"
import { type Database, notTunnelled, open, serverAt } from "./database.ts"
import { quoted } from "./names.ts"
import { scratch } from "./scratch.ts"

/** A URL, which may hold a password, or a path. */
export type Source = string | Redacted.Redacted<string>

export const textOf = (source: Source): string => (Redacted.isRedacted(source) ? Redacted.value(source) : source)

export const isUrl = (source: Source): boolean => /^postgres(ql)?:\/\//i.test(textOf(source))

/** Opens a database by its URL. */
export const opened = (url: Source) =>
  Effect.flatMap(address.resolve({ url }), (at) => open(serverAt(at))).pipe(notTunnelled)

/** Opens both; files are loaded on the server of `scratchUrl`, or of the other side. */
export const both = Effect.fnUntraced(function* (from: Source, to: Source, scratchUrl: Source | undefined) {
  const [fromUrl, toUrl] = [isUrl(from) ? yield* opened(from) : undefined, isUrl(to) ? yield* opened(to) : undefined]
  const server = scratchUrl === undefined ? (fromUrl ?? toUrl) : yield* opened(scratchUrl)
  if (server === undefined) {
    return yield* new UsageInvalid({
      message: "files are run in a scratch database to be compared, and neither side is a server",
      hint: "name one on which databases may be made: --scratch postgres://user:password@host/postgres"
    })
  }
  return {
    /** Whether there may be rows in the first: files have none. */
    hasRows: fromUrl !== undefined,
    from: fromUrl ?? (yield* load(textOf(from), server, toUrl)),
    to: toUrl ?? (yield* load(textOf(to), server, fromUrl)),
    /** Where scratch databases are made. */
    server
  }
})

const unreadable = (source: string, message: string, hint: string, cause?: unknown): SchemaUnreadable =>
  new SchemaUnreadable({ source, message: `${source}: ${message}`, hint, cause })

const expected =
  "give a URL (postgres://…), a file of SQL as pg_dump --schema-only writes it, or a folder of .sql files"

/** The files of a folder in the order of their names; or the one. */
const filesOf = (source: string): Effect.Effect<ReadonlyArray<string>, SchemaUnreadable> => {
  const given = address.addressIn(source)
  if (given !== undefined) {
    return Effect.fail(unreadable(given, "it is neither a URL of PostgreSQL nor a file", expected))
  }
  return Effect.tryPromise({
    try: async () => {
      if (!(await fs.stat(source)).isDirectory()) return [source]
      const all = await fs.readdir(source, { recursive: true })
      return all
        .filter((name) => /\.sql$/i.test(name))
        .sort()
        .map((name) => path.join(source, name))
    },
    catch: (cause) => unreadable(source, "there is no such file or folder", expected, cause)
  })
}

const contentOf = (file: string): Effect.Effect<string, SchemaUnreadable> =>
  Effect.gen(function* () {
    const bytes = yield* Effect.tryPromise({
      try: () => fs.readFile(file),
      catch: (cause) => unreadable(file, "it cannot be read", expected, cause)
    })
    if (bytes.subarray(0, 5).toString("latin1") === "PGDMP") {
      return yield* unreadable(
        file,
        "it is a dump in the custom format",
        `make SQL of it: pg_restore --schema-only --file=schema.sql ${file}`
      )
    }
    return yield* Effect.try({
      try: () => new TextDecoder("utf-8", { fatal: true }).decode(bytes),
      catch: (cause) => unreadable(file, "it is not UTF-8", "write it in UTF-8", cause)
    })
  })

/** Makes a scratch database of files. */
export const load = Effect.fnUntraced(function* (source: string, server: Database, other: Database | undefined) {
  const files = yield* filesOf(source)
  if (files.length === 0) return yield* unreadable(source, "the folder has no .sql files", expected)
  const database = yield* scratch(server)
  const owner = other === undefined ? undefined : yield* handedOver(database, server, other)
  for (const file of files) {
    const read = yield* statementsOf(yield* contentOf(file), file)
    const { metaLines, statements } = read
    const meta = metaLines.find(({ harmless }) => !harmless)
    if (meta !== undefined) {
      const where = `${file}:${meta.place.line}`
      return yield* unreadable(where, `\\${meta.name} is for psql alone`, "take the line out")
    }
    const beyond = yield* reachingBeyond(read)
    if (beyond !== undefined) {
      return yield* unreadable(
        `${file}:${beyond.place.line}`,
        `the file is run in a scratch database, and this reaches beyond it: ${beyond.sql.replace(/\s+/g, " ").slice(0, 60)}`,
        "take it out: nothing but the schema of one database is compared, and what it needs of the server has to be there; pg_dump --no-subscriptions leaves subscriptions out"
      )
    }
    if (owner !== undefined) yield* database.run(`SET ROLE ${quoted(owner)}`)
    yield* Effect.forEach(
      statements.filter(({ data }) => data === undefined),
      (statement) => runOne(database, file, statement, owner),
      { discard: true }
    )
    yield* database.run("RESET ROLE")
  }
  yield* database.run("RESET ALL")
  return database
})

/** Gives a scratch database to whom the other side's tables belong to, who makes what is in it. */
export const handedOver = Effect.fnUntraced(function* (database: Database, server: Database, other: Database) {
  const owner = yield* ownerOf(other, server)
  if (owner !== undefined) {
    yield* database.run(`ALTER DATABASE ${quoted(database.name)} OWNER TO ${quoted(owner)}`)
  }
  return owner
})

/** What belongs to nobody in particular belongs to whom the other side's tables belong to. */
const ownerOf = Effect.fnUntraced(function* (other: Database, server: Database) {
  const [row] = yield* other.query(
    `SELECT pg_get_userbyid(relowner) AS owner FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE relkind IN ('r', 'p') AND nspname NOT IN ('pg_catalog', 'information_schema') AND nspname !~ '^pg_toast'
     GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1`
  )
  const owner = row?.owner
  if (typeof owner !== "string" || owner === server.where.user) return undefined
  const [may] = yield* server.query("SELECT pg_has_role(oid, 'MEMBER') AS may FROM pg_roles WHERE rolname = $1", [
    owner
  ])
  return may?.may === true ? owner : undefined
})

const runOne = Effect.fnUntraced(function* (
  database: Database,
  file: string,
  { place, sql }: SqlStatement,
  owner: string | undefined
) {
  // What only a superuser may is what the owner of the tables did not do either.
  const asOwner = database.run(sql).pipe(
    Effect.catchTag("PermissionDenied", (error) =>
      owner === undefined
        ? Effect.fail(error)
        : Effect.gen(function* () {
            yield* database.run("RESET ROLE")
            yield* database.run(sql)
            yield* database.run(`SET ROLE ${quoted(owner)}`)
          })
    )
  )
  yield* Effect.mapError(asOwner, (error) =>
    unreadable(
      `${file}:${place.line}`,
      error.message,
      "the files are run as they stand, in the order of their names; roles and extensions that they name have to be on the server: pg_dump --no-owner --no-acl leaves roles out",
      error
    )
  )
})
