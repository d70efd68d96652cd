/** The only file that knows pg-delta, which is loaded when it is first needed. */
import type { DependencyEdge, Fact, FactBase, StableId } from "@supabase/pg-delta/core"
import type { Action, Plan } from "@supabase/pg-delta/plan"
import type pg from "pg"

export type { Action, Fact, FactBase, StableId }

/** What is known of a schema: a fact for each table, column, constraint, grant and so on. */
export interface Facts {
  readonly base: FactBase
  /** Roles are the server's own, and are never compared: those that there are. */
  readonly roles: ReadonlyMap<string, Fact>
}

export interface Engine {
  readonly keyOf: (id: StableId) => string
  /** Reads in one read-only transaction. */
  readonly read: (pool: pg.Pool) => Promise<Facts>
  /** The same with other facts. */
  readonly rebuilt: (
    facts: Facts,
    change: (fact: Fact) => Fact | undefined,
    keeps?: (edge: DependencyEdge) => boolean
  ) => Facts
  readonly plan: (from: Facts, to: Facts) => Plan
}

/** How a virtual generated column is told from a stored one, which pg-delta does not: in its expression. */
const virtualMark = "\u0001virtual"

const load = async (): Promise<Engine> => {
  const [core, extraction, planning] = await Promise.all([
    import("@supabase/pg-delta/core"),
    import("@supabase/pg-delta/extract"),
    import("@supabase/pg-delta/plan")
  ])
  const rebuilt: Engine["rebuilt"] = (facts, change, keeps = () => true) => ({
    ...facts,
    base: core.buildFactBase(
      facts.base.facts().flatMap((fact) => change(fact) ?? []),
      facts.base.edges.filter(keeps),
      facts.base.source
    )
  })
  const keyOf = core.encodeId
  return {
    keyOf,
    rebuilt,
    read: async (pool) => {
      const { factBase } = await extraction.extract(pool, { redactSecrets: false })
      const roles = new Map(
        factBase.facts().flatMap((fact) => (fact.id.kind === "role" ? [[fact.id.name, fact] as const] : []))
      )
      const virtual = await virtualColumns(pool)
      const facts = { base: factBase, roles }
      const isOdd = factBase.facts().some(({ id }) => holdsSecrets.has(id.kind) || id.kind === "eventTrigger")
      if (virtual.size === 0 && !isOdd) return facts
      const tags = isOdd ? await tagsOfTriggers(pool) : new Map<string, ReadonlyArray<string>>()
      return rebuilt(facts, (fact) => withoutSecrets(tagged(marked(fact, virtual.has(keyOf(fact.id))), tags)))
    },
    plan: (from, to) => {
      const plan = planning.plan(from.base, to.base, {
        scope: "database",
        assumedRoles: [...from.roles.keys(), ...to.roles.keys()]
      })
      const unmark = (sql: string) => sql.replaceAll(`${virtualMark}) STORED`, ") VIRTUAL").replaceAll(virtualMark, "")
      return { ...plan, actions: plan.actions.map((action) => ({ ...action, sql: unmark(action.sql) })) }
    }
  }

  async function virtualColumns(pool: pg.Pool): Promise<ReadonlySet<string>> {
    const { rows } = await pool.query(
      `SELECT n.nspname AS schema, c.relname AS "table", a.attname AS name
       FROM pg_catalog.pg_attribute a
       JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       WHERE a.attgenerated = 'v' AND NOT a.attisdropped`
    )
    return new Set(
      rows.map(({ name, schema, table }) =>
        keyOf({ kind: "column", schema: String(schema), table: String(table), name: String(name) })
      )
    )
  }
}

const marked = (fact: Fact, isVirtual: boolean): Fact =>
  isVirtual
    ? { ...fact, payload: { ...fact.payload, generatedExpr: `${fact.payload.generatedExpr}${virtualMark}` } }
    : fact

/** pg-delta sorts the tags of an event trigger, and PostgreSQL shows them as they were given. */
const tagsOfTriggers = async (pool: pg.Pool): Promise<ReadonlyMap<string, ReadonlyArray<string>>> => {
  const { rows } = await pool.query("SELECT evtname AS name, evttags AS tags FROM pg_catalog.pg_event_trigger")
  return new Map(rows.map(({ name, tags }) => [String(name), Array.isArray(tags) ? tags.map(String) : []]))
}

const tagged = (fact: Fact, tags: ReadonlyMap<string, ReadonlyArray<string>>): Fact => {
  const own = fact.id.kind === "eventTrigger" ? tags.get(fact.id.name) : undefined
  return own === undefined ? fact : { ...fact, payload: { ...fact.payload, tags: [...own] } }
}

const holdsSecrets: ReadonlySet<string> = new Set(["fdw", "server", "userMapping", "foreignTable", "subscription"])

const secret = /^([^=]*(?:pass|secret|token|api_?key|private_?key|credential)[^=]*)=.*$/is

/** No password gets into a script; elsewhere than in a connection's options there is none. */
const withoutSecrets = (fact: Fact): Fact => {
  if (!holdsSecrets.has(fact.id.kind)) return fact
  const { conninfo, options } = fact.payload
  return {
    ...fact,
    payload: {
      ...fact.payload,
      ...(Array.isArray(options) ? { options: options.map((one) => String(one).replace(secret, "$1=***")) } : {}),
      ...(typeof conninfo === "string"
        ? { conninfo: conninfo.replace(/(password\s*=\s*)('(?:[^'\\]|\\.)*'|\S+)/gi, "$1***") }
        : {})
    }
  }
}

let loaded: Promise<Engine> | undefined

export const engine = (): Promise<Engine> => {
  loaded ??= load()
  return loaded
}

export type { Plan }
