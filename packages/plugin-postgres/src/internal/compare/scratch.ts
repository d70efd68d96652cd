/** Databases that live as long as a comparison does. */
import { randomUUID } from "node:crypto"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { ScratchImpossible } from "../../CompareError.ts"
import type { Script } from "../../Sql.ts"
import { compared, type Seen } from "./comparing.ts"
import { type Database, open } from "./database.ts"
import { type Engine, engine, type Facts } from "./engine.ts"
import { quoted } from "./names.ts"
import type { See } from "./narrowing.ts"

const prefix = "shipshape_scratch_"

/** What is that old, and has nobody connected, was left by somebody who was killed. */
const abandonedMillis = 3_600_000

/** When one was made stands in its name. */
const madeAt = (name: string): number => Number.parseInt(name.slice(prefix.length), 36)

/** Drops what others have left; what cannot be dropped is left to who may. */
const sweep = Effect.fnUntraced(function* (server: Database) {
  const now = yield* Clock.currentTimeMillis
  const found = yield* server.query(
    `SELECT datname AS name FROM pg_database d WHERE starts_with(datname, $1)
     AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datid = d.oid)`,
    [prefix]
  )
  yield* Effect.forEach(
    found.map(({ name }) => String(name)).filter((name) => now - madeAt(name) > abandonedMillis),
    (name) => Effect.ignore(server.run(`DROP DATABASE IF EXISTS ${quoted(name)}`)),
    { discard: true }
  )
})

/** Makes an empty database on the server of another one; the scope drops it. */
export const scratch = Effect.fnUntraced(function* (server: Database) {
  yield* sweep(server)
  const made = (yield* Clock.currentTimeMillis).toString(36)
  const name = `${prefix}${made}_${randomUUID().replaceAll("-", "").slice(0, 12)}`
  yield* Effect.acquireRelease(
    server.run(`CREATE DATABASE ${quoted(name)} TEMPLATE template0`).pipe(
      Effect.catchTag(
        "PermissionDenied",
        (error) =>
          new ScratchImpossible({
            message: `user ${server.where.user} at ${server.where.server} may not create the scratch database that this needs`,
            hint: "name a server on which it may (`scratch` of the step, --scratch URL on the command line), or grant it CREATEDB",
            cause: error
          })
      )
    ),
    () => Effect.ignore(dropped(server, name))
  )
  return yield* open(server.server, name)
})

const dropped = (server: Database, name: string) =>
  server.major >= 13
    ? server.run(`DROP DATABASE IF EXISTS ${quoted(name)} WITH (FORCE)`)
    : server.run(`DROP DATABASE IF EXISTS ${quoted(name)}`)

/** A subscription would connect to another server. */
const isOutward = ({ kind }: { readonly kind: string }): boolean => kind === "subscription"

/** What can be made elsewhere too. */
export const inward = (tools: Engine, facts: Facts): Facts =>
  facts.base.facts().some(({ id }) => isOutward(id))
    ? tools.rebuilt(facts, (fact) =>
        isOutward(fact.id) || ("target" in fact.id && isOutward(fact.id.target)) ? undefined : fact
      )
    : facts

/** A subscription would not be the copy's alone, and a database that has one cannot be dropped. */
const ofSubscription = /^(CREATE|ALTER|DROP|COMMENT ON|SECURITY LABEL (FOR .* )?ON) SUBSCRIPTION /

/** Runs units on a copy as they are meant: each transaction in one, the rest one by one. */
export const run = Effect.fnUntraced(function* (database: Database, { units }: Pick<Script, "units">) {
  const runOne = (sql: string) => Effect.mapError(database.run(sql), (error) => ({ error, sql }))
  for (const { statements, transaction } of units) {
    const all = statements.flatMap(({ sql }) => (ofSubscription.test(sql) ? [] : [sql]))
    yield* Effect.forEach(transaction ? ["BEGIN", ...all, "COMMIT"] : all, runOne, { discard: true }).pipe(
      Effect.tapError(() => (transaction ? Effect.ignore(database.run("ROLLBACK")) : Effect.void))
    )
  }
})

/** Roles that a script makes: they belong to the whole server, and no copy of a database may make one. */
export const rolesMadeBy = ({ units }: Pick<Script, "units">): ReadonlyArray<string> =>
  units.flatMap(({ statements }) =>
    statements.flatMap(({ sql }) => /^CREATE ROLE ("(?:[^"]|"")+")/.exec(sql)?.slice(1) ?? [])
  )

/** Makes a scratch database with a schema that was read, and no rows. */
export const copyOf = Effect.fnUntraced(function* (server: Database, original: Seen, see: See) {
  const tools = yield* Effect.promise(engine)
  const copy = yield* scratch(server)
  const empty = yield* see(copy)
  const wanted: Seen = { ...original, facts: inward(tools, original.facts) }
  const script = yield* compared(empty, wanted, { online: false, before: [] })
  const roles = rolesMadeBy(script)
  if (roles.length > 0)
    return yield* notCopied(server, `there is no role ${roles.join(", ")} on ${server.where.server}`)
  yield* run(copy, script).pipe(
    Effect.mapError(({ error, sql }) => notCopied(server, `${error.message} (${sql.slice(0, 200)})`, error))
  )
  const result = yield* see(copy)
  const rest = yield* Effect.try({
    try: () => tools.plan(result.facts, wanted.facts).actions,
    catch: (cause) => notCopied(server, String(cause), cause)
  })
  const [first] = rest
  if (first !== undefined) return yield* notCopied(server, `it differs by: ${first.sql.slice(0, 200)}`)
  return { database: copy, seen: result }
})

const notCopied = (server: Database, why: string, cause?: unknown): ScratchImpossible =>
  new ScratchImpossible({
    message: `the schema of ${server.where.database} could not be made anew in a scratch database: ${why}`,
    hint: "on another server, roles and extensions have to be there too; compare without renames and without a proof (`prove: false`), which alone need the copy",
    cause
  })
