/** Two databases into a script. */
import * as Effect from "effect/Effect"
import type { Hazard, Script } from "../../Sql.ts"
import { queryError } from "../sqlstate.ts"
import { inOrder } from "./columns.ts"
import type { Database } from "./database.ts"
import * as details from "./details.ts"
import { type Engine, engine, type Facts } from "./engine.ts"
import { attachments, columnOrder, notNullNames, ofDetails } from "./extras.ts"
import * as hazards from "./hazards.ts"
import { type Item, itemsOf, type Sides, statement } from "./items.ts"
import { quoted } from "./names.ts"
import { online } from "./online.ts"
import { validatedOnly } from "./resuming.ts"
import { settingsOf, unitsOf } from "./units.ts"
import { conversions, isCastable, retyped, sequencesSet } from "./values.ts"

/** One side, as it was read. */
export interface Seen {
  readonly facts: Facts
  readonly details: details.Details
}

export const seen = Effect.fnUntraced(function* (database: Database) {
  const tools = yield* Effect.promise(engine)
  const facts = yield* Effect.tryPromise({
    try: () => tools.read(database.pool),
    catch: (cause) => queryError(database.where, cause, "the catalog")
  })
  return { facts, details: yield* details.read(database) } satisfies Seen
})

export interface Options {
  readonly online: boolean
  /** What is done before all else, and is in the first side already. */
  readonly before: ReadonlyArray<Item>
  /** Which tables have rows, where that is known. */
  readonly populated?: ReadonlySet<string>
}

/** What makes the first into the second. */
export const compared = Effect.fnUntraced(function* (from: Seen, to: Seen, options: Options) {
  const tools = yield* Effect.promise(engine)
  const sides: Sides = {
    engine: tools,
    from: from.facts,
    to: to.facts,
    fromDetails: from.details,
    toDetails: to.details,
    populated: options.populated ?? new Set()
  }
  const planned = yield* Effect.exit(
    Effect.try({ try: () => scriptOf(tools, sides, options), catch: (cause) => cause })
  )
  if (planned._tag === "Success") return planned.value
  const [reason] = planned.cause.reasons
  const error = reason?._tag === "Fail" ? reason.error : undefined
  return error instanceof Error ? refused(error) : yield* Effect.failCause(planned.cause).pipe(Effect.orDie)
})

/** pg-delta says by an exception what it cannot plan. */
const refused = (error: Error): Script => ({
  units: [],
  hazards: [
    { kind: "unsupported", object: "the comparison", message: error.message.replace(/^plan: /, ""), severity: "error" }
  ]
})

const scriptOf = (tools: Engine, sides: Sides, options: Options): Script => {
  const plan = tools.plan(sides.from, sides.to)
  const { labels, rest: planned } = itemsOf(sides, plan)
  const rest = inOrder(sides, notNullFirst(validatedOnly(sides, planned)))
  const attached = attachments(sides, rest)
  const { hazards: uncovered, items: detailed } = ofDetails(sides, rest)
  const notNulls = notNullNames(sides)
  const roles = missingRoles(sides, [...labels, ...rest, ...detailed])
  const main = marked(sides, [...rest, ...attached, ...detailed, ...notNulls.items])
  const items = [
    ...options.before,
    ...roles.map(({ sql }) => statement(sql)),
    ...labels.map((item): Item => ({ ...item, alone: true })),
    ...sequencesSet(sides, options.online ? online(sides, main) : main)
  ]
  return {
    units: unitsOf(items, settingsOf(plan.preamble)),
    hazards: distinct([
      ...hazards.drops(sides),
      ...hazards.replacements(sides, rest),
      ...hazards.labels(sides),
      ...conversions(sides),
      ...hazards.work(sides, rest, options.online),
      ...uncovered,
      ...notNulls.hazards,
      ...hazards.secrets(rest),
      ...hazards.roles(roles.map(({ name }) => name)),
      ...columnOrder(sides, rest)
    ])
  }
}

/** A column is NOT NULL before it is made an identity. */
const notNullFirst = (items: ReadonlyArray<Item>): ReadonlyArray<Item> => {
  const start = ({ sql }: Item) => /^(ALTER TABLE .+? ALTER COLUMN "(?:[^"]|"")+" )ADD GENERATED /s.exec(sql)?.[1]
  const all: Array<Item> = []
  for (const item of items) {
    const column = / SET NOT NULL$/.test(item.sql) ? item.sql.slice(0, -"SET NOT NULL".length) : undefined
    const at = column === undefined ? -1 : all.findIndex((one) => start(one) === column)
    all.splice(at === -1 ? all.length : at, 0, item)
  }
  return all
}

/** Each of them once. */
const distinct = (hazards: ReadonlyArray<Hazard>): ReadonlyArray<Hazard> => {
  const said = new Set<string>()
  return hazards.filter(({ kind, message, object }) => {
    const key = JSON.stringify([kind, object, message])
    const isFirst = !said.has(key)
    said.add(key)
    return isFirst
  })
}

/** What only looks like a rewrite, and what loses although it does not look so. */
const marked = (sides: Sides, items: ReadonlyArray<Item>): ReadonlyArray<Item> => {
  const by = new Map(
    retyped(sides).map((one) => [
      `${quoted(one.id.schema, one.id.table)} ALTER COLUMN ${quoted(one.id.name)} TYPE `,
      one
    ])
  )
  if (by.size === 0) return items
  return items.map((item) => {
    const found = [...by].find(([start]) => item.sql.startsWith(`ALTER TABLE ${start}`))?.[1]
    if (found === undefined) return item
    const end = ` USING ${quoted(found.id.name)}::${found.to}`
    const sql =
      item.sql.endsWith(end) && !isCastable(sides, found.from, found.to)
        ? `${item.sql.slice(0, -found.to.length)}text::${found.to}`
        : item.sql
    return {
      ...item,
      sql,
      rewrite: found.conversion !== "nothing is written anew",
      dataLoss: found.conversion === "lossy"
    }
  })
}

/** Roles that statements name and the server does not have. */
const missingRoles = (
  sides: Sides,
  items: ReadonlyArray<Item>
): ReadonlyArray<{ readonly name: string; readonly sql: string }> => {
  const named = new Set(
    items.flatMap(({ action, sql }) =>
      action === undefined
        ? [...(/^ALTER DEFAULT PRIVILEGES FOR ROLE ("(?:[^"]|"")+"|\w+) /.exec(sql)?.slice(1).map(unquoted) ?? [])]
        : action.consumes.flatMap((id) => (id.kind === "role" ? [id.name] : []))
    )
  )
  return [...named]
    .filter((name) => !sides.from.roles.has(name) && sides.to.roles.has(name))
    .sort()
    .map((name) => ({
      name,
      sql: `CREATE ROLE ${quoted(name)}${attributesOf(sides.to.roles.get(name)?.payload ?? {})}`
    }))
}

const unquoted = (name: string): string => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name)

const attributesOf = (payload: Readonly<Record<string, unknown>>): string =>
  Object.entries({
    login: "LOGIN",
    createDb: "CREATEDB",
    createRole: "CREATEROLE",
    superuser: "SUPERUSER",
    replication: "REPLICATION",
    bypassRls: "BYPASSRLS"
  })
    .flatMap(([key, word]) => (payload[key] === true ? [` ${word}`] : []))
    .concat(payload.inherit === false ? [" NOINHERIT"] : [])
    .join("")
