/** How objects are named in messages and written in SQL. */
import pg from "pg"
import type { StableId } from "./engine.ts"

export const quoted = (...names: ReadonlyArray<string>): string =>
  names.map((name) => pg.escapeIdentifier(name)).join(".")

/** As PostgreSQL shows a name: in quotes where it needs them. */
const shown = (name: string): string => (/^[a-z_][a-z0-9_$]*$/.test(name) ? name : pg.escapeIdentifier(name))

export const named = (...names: ReadonlyArray<string>): string => names.map(shown).join(".")

/** What an id is about: `public.orders.total`. */
export const nameOf = (id: StableId): string => {
  switch (id.kind) {
    case "comment":
    case "acl":
    case "securityLabel":
      return nameOf(id.target)
    case "membership":
      return named(id.member)
    case "userMapping":
      return named(id.server, id.role)
    case "typeAttribute":
      return named(id.schema, id.type, id.name)
    case "publicationRel":
      return named(id.publication)
    case "publicationSchema":
      return named(id.publication)
    case "function":
    case "procedure":
    case "aggregate":
      return `${named(id.schema, id.name)}(${id.args.join(", ")})`
    default:
      if ("table" in id && "schema" in id && "name" in id) return named(id.schema, id.table, id.name)
      if ("schema" in id && typeof id.schema === "string" && "name" in id) return named(id.schema, String(id.name))
      return "name" in id ? named(String(id.name)) : id.kind
  }
}

const words: Readonly<Record<string, string>> = {
  materializedView: "materialized view",
  foreignTable: "foreign table",
  typeAttribute: "attribute",
  eventTrigger: "event trigger",
  fdw: "foreign data wrapper",
  userMapping: "user mapping",
  publicationRel: "table of the publication",
  publicationSchema: "schema of the publication",
  defaultPrivilege: "default privilege"
}

export const kindOf = (id: StableId): string => words[id.kind] ?? id.kind

/** A name in parts: `public.orders`, `orders`, `"Odd name"`. Without quotes it is meant as it stands. */
export interface Qualified {
  readonly schema: string
  readonly name: string
}

export const bare = (part: string): string => (/^".*"$/s.test(part) ? part.slice(1, -1).replaceAll('""', '"') : part)

export const qualified = (text: string, schema = "public"): Qualified => {
  const [, before, after] = /^(?:("(?:[^"]|"")+"|[^".]+)\.)?("(?:[^"]|"")+"|[^".]+)$/s.exec(text) ?? []
  return { schema: before === undefined ? schema : bare(before), name: bare(after ?? text) }
}
