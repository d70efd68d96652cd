/** What pg-delta would drop and make anew, and PostgreSQL can alter: done first, so that the comparison sees it done. */
import type { Fact, Facts, StableId } from "./engine.ts"
import { quoted } from "./names.ts"

type Parent = { readonly schema: string; readonly name: string }

const parentOf = (fact: Fact): Parent | undefined => {
  const parent = fact.payload.parentTable
  return typeof parent === "object" && parent !== null && "schema" in parent && "name" in parent
    ? { schema: String(parent.schema), name: String(parent.name) }
    : undefined
}

const textOf = (fact: Fact, key: string): string | undefined =>
  fact.payload[key] == null ? undefined : String(fact.payload[key])

/** One alteration may be of several statements; where one fails, what is dropped for it stands in the hazards. */
type Alteration = ReadonlyArray<string>

export const alterations = (from: Facts, to: Facts): ReadonlyArray<Alteration> =>
  to.base.facts().flatMap((wanted) => {
    const had = from.base.get(wanted.id)
    if (had === undefined) return []
    const { id } = wanted
    if (id.kind === "table") return [lineage(from, id, had, wanted)].filter((one) => one.length > 0)
    if (id.kind === "column" && wanted.parent?.kind === "table") return column(id, had, wanted)
    return []
  })

const lineage = (
  from: Facts,
  id: Extract<StableId, { name: string; schema: string }>,
  had: Fact,
  wanted: Fact
): Alteration => {
  const [before, after] = [parentOf(had), parentOf(wanted)]
  const [bound, newBound] = [textOf(had, "partitionBound"), textOf(wanted, "partitionBound")]
  const isSame = before?.schema === after?.schema && before?.name === after?.name
  if ((isSame && bound === newBound) || textOf(had, "partitionKey") !== textOf(wanted, "partitionKey")) return []
  if (after !== undefined && !from.base.has({ kind: "table", ...after })) return []
  const table = quoted(String(id.schema), id.name)
  const of = ({ name, schema }: Parent) => quoted(schema, name)
  return [
    ...(before === undefined
      ? []
      : [
          bound === undefined
            ? `ALTER TABLE ${table} NO INHERIT ${of(before)}`
            : `ALTER TABLE ${of(before)} DETACH PARTITION ${table}`
        ]),
    ...(after === undefined
      ? []
      : [
          newBound === undefined
            ? `ALTER TABLE ${table} INHERIT ${of(after)}`
            : `ALTER TABLE ${of(after)} ATTACH PARTITION ${table} ${newBound}`
        ])
  ]
}

const column = (
  id: Extract<StableId, { name: string; schema: string; table: string }>,
  had: Fact,
  wanted: Fact
): ReadonlyArray<Alteration> => {
  const alter = `ALTER TABLE ${quoted(id.schema, id.table)} ALTER COLUMN ${quoted(id.name)}`
  const [before, after] = [textOf(had, "generatedExpr"), textOf(wanted, "generatedExpr")]
  if (before !== undefined && after === undefined) return [[`${alter} DROP EXPRESSION`]]
  if (before !== undefined && after !== undefined && before !== after)
    return [[`${alter} SET EXPRESSION AS (${after})`]]
  if (textOf(had, "collation") !== textOf(wanted, "collation") && after === undefined) {
    return [
      [`${alter} TYPE ${textOf(wanted, "type")} COLLATE ${textOf(wanted, "collation") ?? `pg_catalog."default"`}`]
    ]
  }
  return []
}

/** What bears the name of a table or a column that was renamed, and is otherwise the same: named as on the other side. */
export const namesakes = (from: Facts, to: Facts): ReadonlyArray<string> => [
  ...constraints(from, to),
  ...indexes(from, to),
  ...sequences(from, to)
]

/** Pairs what is only on one side with the only one on the other side that is the same but for the name. */
const pairs = (
  from: Facts,
  to: Facts,
  likeness: (fact: Fact) => string | undefined
): ReadonlyArray<readonly [Fact, Fact]> => {
  const group = (facts: Facts, others: Facts) => {
    const found = new Map<string, Array<Fact>>()
    for (const fact of facts.base.facts()) {
      const key = others.base.has(fact.id) ? undefined : likeness(fact)
      if (key !== undefined) found.set(key, [...(found.get(key) ?? []), fact])
    }
    return found
  }
  const wanted = group(to, from)
  return [...group(from, to)].flatMap(([key, had]) => {
    const [a, b] = [had, wanted.get(key) ?? []]
    return a.length === 1 && b.length === 1 && a[0] !== undefined && b[0] !== undefined ? [[a[0], b[0]] as const] : []
  })
}

const constraints = (from: Facts, to: Facts) =>
  pairs(from, to, ({ id, payload }) =>
    id.kind === "constraint" ? JSON.stringify([id.schema, id.table, payload.def]) : undefined
  ).flatMap(([{ id }, { id: wanted }]) =>
    id.kind === "constraint" && "name" in wanted && "table" in id
      ? [
          `ALTER TABLE ${quoted(id.schema, id.table)} RENAME CONSTRAINT ${quoted(id.name)} TO ${quoted(String(wanted.name))}`
        ]
      : []
  )

const indexes = (from: Facts, to: Facts) =>
  pairs(from, to, ({ id, payload }) =>
    id.kind === "index"
      ? JSON.stringify([id.schema, String(payload.def).replace(/ INDEX .*? ON /s, " INDEX ON ")])
      : undefined
  ).flatMap(([{ id }, { id: wanted }]) =>
    id.kind === "index" && "name" in wanted && "schema" in id
      ? [`ALTER INDEX ${quoted(String(id.schema), String(id.name))} RENAME TO ${quoted(String(wanted.name))}`]
      : []
  )

const sequences = (from: Facts, to: Facts): ReadonlyArray<string> => [
  ...pairs(from, to, ({ id, payload }) =>
    id.kind === "sequence" && payload.ownedBy != null ? JSON.stringify([id.schema, payload.ownedBy]) : undefined
  ).flatMap(([{ id }, { id: wanted }]) =>
    id.kind === "sequence" && "name" in wanted && "schema" in id
      ? [`ALTER SEQUENCE ${quoted(String(id.schema), String(id.name))} RENAME TO ${quoted(String(wanted.name))}`]
      : []
  ),
  ...to.base.facts().flatMap((wanted) => {
    const [before, after] = [identityOf(from.base.get(wanted.id)), identityOf(wanted)]
    return before === undefined || after === undefined || before.name === after.name
      ? []
      : [`ALTER SEQUENCE ${quoted(before.schema, before.name)} RENAME TO ${quoted(after.name)}`]
  })
]

const identityOf = (fact: Fact | undefined): Parent | undefined => {
  const identity = fact?.id.kind === "column" ? fact.payload.identity : undefined
  if (typeof identity !== "object" || identity === null || !("sequence" in identity)) return undefined
  const sequence = identity.sequence
  return typeof sequence === "object" && sequence !== null && "schema" in sequence && "name" in sequence
    ? { schema: String(sequence.schema), name: String(sequence.name) }
    : undefined
}
