/** Runs a script on a copy, and holds the copy against what it is to be. */
import { Command } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Hazard, Script } from "../../Sql.ts"
import { compared, type Seen } from "./comparing.ts"
import type { Database } from "./database.ts"
import { engine } from "./engine.ts"
import type { IsIgnored, See } from "./narrowing.ts"
import { copyOf, inward, rolesMadeBy, run } from "./scratch.ts"

const unproven = (object: string, message: string, severity: Hazard["severity"] = "error"): Hazard => ({
  kind: "unproven",
  object,
  message,
  severity
})

/** What is not as it should be once the script has run: nothing, where it is proved. */
export const proved = Effect.fnUntraced(function* (
  script: Script,
  sides: {
    readonly from: Seen
    readonly to: Seen
    readonly toDatabase: Database
    readonly server: Database
    readonly see: See
    readonly privileges: boolean
    readonly isIgnored: IsIgnored
  }
) {
  const roles = rolesMadeBy(script)
  if (roles.length > 0) {
    const why = `it makes role ${roles.join(", ")}, which would be one of the whole server: make it, and prove it then`
    return [unproven("the script", why, "warning")]
  }
  const copy = yield* copyOf(sides.server, sides.from, sides.see)
  const ran = yield* Effect.result(run(copy.database, script))
  if (Result.isFailure(ran)) {
    const { error, sql } = ran.failure
    return [unproven("the script", `it does not run on a copy of the schema: ${error.message} (${sql.slice(0, 300)})`)]
  }
  const tools = yield* Effect.promise(engine)
  const reached = yield* sides.see(copy.database)
  const wanted: Seen = { ...sides.to, facts: inward(tools, sides.to.facts) }
  const rest = yield* compared(reached, wanted, { online: false, before: [] })
  const known = new Set(script.hazards.filter(({ kind }) => kind === "unsupported").map(({ object }) => object))
  const byCatalog = rest.units.flatMap(({ statements }) =>
    statements
      .filter(({ sql }) => !sql.startsWith("SET LOCAL "))
      .map(({ sql }) => unproven("the schema", `it still differs: ${sql.slice(0, 300)}`))
  )
  return [...byCatalog, ...(yield* byDump(copy.database, sides.toDatabase, known, sides))]
})

/** The same by `pg_dump`, which knows nothing of pg-delta. */
const byDump = Effect.fnUntraced(function* (
  copy: Database,
  to: Database,
  known: ReadonlySet<string>,
  { isIgnored, privileges }: { readonly isIgnored: IsIgnored; readonly privileges: boolean }
) {
  const dump = (database: Database) => dumpOf(database, privileges ? [] : ["--no-owner", "--no-privileges"])
  const dumps = yield* Effect.result(Effect.all([dump(copy), dump(to)]))
  if (Result.isFailure(dumps)) {
    return [
      unproven("the schema", `compared by the catalog alone, as pg_dump was not: ${dumps.failure.message}`, "notice")
    ]
  }
  const [reached, wanted] = dumps.success.map((dump) => entriesOf(dump, isIgnored))
  if (reached === undefined || wanted === undefined) return []
  const names = new Set([...reached.keys(), ...wanted.keys()])
  return [...names].flatMap((name): ReadonlyArray<Hazard> => {
    if (inAnyOrder(name, reached.get(name)) === inAnyOrder(name, wanted.get(name))) return []
    const object = name.replace(/^.*: /, "")
    const [line] = differing(reached.get(name) ?? "", wanted.get(name) ?? "")
    return [
      unproven(
        object,
        `pg_dump shows another ${name.replace(/: .*$/, "")} than is wanted: ${line ?? ""}`,
        known.has(object) ? "warning" : "error"
      )
    ]
  })
})

/** Grants mean the same in whatever order they were given. */
const inAnyOrder = (name: string, entry: string | undefined): string | undefined =>
  /^(default )?acl: /.test(name) ? entry?.split("\n").sort().join("\n") : entry

const differing = (reached: string, wanted: string): ReadonlyArray<string> => {
  const lines = new Set(reached.split("\n"))
  const others = new Set(wanted.split("\n"))
  return [
    ...[...others].filter((line) => !lines.has(line)).map((line) => `lacks “${withoutSecret(line)}”`),
    ...[...lines].filter((line) => !others.has(line)).map((line) => `has “${withoutSecret(line)}”`)
  ]
}

/** A line of a dump, without the values of options: those of foreign servers and their users may be secrets. */
const withoutSecret = (line: string): string => line.trim().replace(/^("?[\w-]+"?) '.*'(,?)$/, "$1 '…'$2")

const dumpOf = Effect.fnUntraced(function* ({ major, name, server }: Database, options: ReadonlyArray<string>) {
  const { env, find, operations } = yield* server.dumpHost
  const tools = yield* find(major)
  const dump = Command.make(tools.dump, ["--schema-only", "--no-subscriptions", ...options], {
    env: { ...env, PGDATABASE: name }
  })
  return (yield* operations.run(dump)).stdout
})

const header = /^-- Name: (.*?); Type: (.*?); Schema: (.*?); Owner: .*$/

/** A dump's entries by what they are of; the name of what belongs to a table begins with the table's. */
const entriesOf = (dump: string, isIgnored: IsIgnored): ReadonlyMap<string, string> => {
  const entries = new Map<string, string>()
  let at = ""
  for (const line of dump.split("\n")) {
    const [, name, type = "", schema] = header.exec(line) ?? []
    if (name !== undefined && schema !== undefined && isIgnored(schema, name.split(" ")[0])) at = ""
    else if (name !== undefined)
      at = `${type.toLowerCase()}: ${schema === "-" ? "" : `${schema}.`}${name.replace(" ", ".")}`
    else if (at !== "" && !line.startsWith("--") && !/^(SET |\\|\s*$)/.test(line)) {
      entries.set(at, `${entries.get(at) ?? ""}${line}\n`)
    }
  }
  return entries
}
