/** Compares two databases that are open. */
import * as Effect from "effect/Effect"
import type { Script } from "../../Sql.ts"
import { compared, type Seen } from "./comparing.ts"
import type { Database } from "./database.ts"
import { engine } from "./engine.ts"
import { unfilled } from "./hazards.ts"
import { qualified, quoted } from "./names.ts"
import { matcher, type Scope, seeing } from "./narrowing.ts"
import { prepared } from "./preparing.ts"
import { proved } from "./proving.ts"
import type { Rename } from "./renames.ts"

/** What is open. */
export interface Opened {
  readonly from: Database
  readonly to: Database
  /** Where scratch databases are made. */
  readonly server: Database
  /** Whether there may be rows in the first. */
  readonly hasRows: boolean
}

export interface How extends Scope {
  readonly renames: ReadonlyArray<Rename>
  /** A rename that is done already is none. */
  readonly repeats: boolean
  readonly online: boolean
  readonly prove: boolean
}

export const between = Effect.fnUntraced(function* (sides: Opened, how: How) {
  const see = seeing(how)
  const [from, to] = yield* Effect.all([see(sides.from), see(sides.to)], { concurrency: 2 })
  const ready = yield* prepared(from, to, { ...how, server: sides.server, see })
  const populated = sides.hasRows ? yield* populatedOf(sides.from, ready, how.renames) : new Set<string>()
  const script: Script = yield* compared(ready.from, ready.to, { online: how.online, before: ready.before, populated })
  if (!how.prove || script.units.length === 0) return script
  const unproven = yield* proved(script, {
    from,
    to,
    toDatabase: sides.to,
    server: sides.server,
    see,
    privileges: how.privileges,
    isIgnored: matcher(how.ignore)
  })
  return { ...script, hazards: [...script.hazards, ...unproven] } satisfies Script
})

/** Of the tables that get a column without a value for their rows, those that have any. */
const populatedOf = Effect.fnUntraced(function* (
  database: Database,
  { from, to }: { readonly from: Seen; readonly to: Seen },
  renames: ReadonlyArray<Rename>
) {
  const { keyOf } = yield* Effect.promise(engine)
  const oldName = (schema: string, name: string) => {
    const rename = renames.find((one) => {
      if (one.kind !== "table") return false
      const after = qualified(one.to, qualified(one.from).schema)
      return after.name === name && after.schema === schema
    })
    return rename === undefined ? undefined : qualified(rename.from)
  }
  const found = yield* Effect.forEach(unfilled(from.facts, to.facts), (table) => {
    const old = oldName(table.schema, table.name)
    const named = (schema: string, name: string) => `SELECT EXISTS (SELECT FROM ${quoted(schema, name)}) AS has`
    const asked = database.query(named(table.schema, table.name))
    return (old === undefined ? asked : Effect.catch(database.query(named(old.schema, old.name)), () => asked)).pipe(
      // Who may not read the table is told by the warning that it may have rows.
      Effect.catchTag("PermissionDenied", () => Effect.succeed([])),
      Effect.map(([row]) => (row?.has === true ? [keyOf(table)] : []))
    )
  })
  return new Set(found.flat())
})
