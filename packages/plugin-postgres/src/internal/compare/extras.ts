/** Statements for what pg-delta does not see, and hazards for what no statement can set. */
import type { Hazard } from "../../Sql.ts"
import type { Attached, Detail, NotNull } from "./details.ts"
import type { Fact, StableId } from "./engine.ts"
import { type Item, type Sides, statement } from "./items.ts"
import { named, quoted } from "./names.ts"

/** What is made, in the order in which it is. */
const positions = (items: ReadonlyArray<Item>): ReadonlyMap<string, number> =>
  new Map(items.flatMap((item, i) => item.makes.map((key) => [key, i] as const)))

const versionOfExtension = "version of the extension"

/** Aspects that are worth a word and stand in nobody's way. */
const minor: ReadonlySet<string> = new Set([versionOfExtension, "tablespace", "toast options"])

/** What is set behind everything else, and what is reported. */
export const ofDetails = (
  sides: Sides,
  items: ReadonlyArray<Item>
): { readonly items: ReadonlyArray<Item>; readonly hazards: ReadonlyArray<Hazard> } => {
  const keyOf = ({ aspect, object }: Detail) => `${aspect} ${object}`
  const had = new Map(sides.fromDetails.all.map((detail) => [keyOf(detail), detail]))
  const wanted = new Map(sides.toDetails.all.map((detail) => [keyOf(detail), detail]))
  const remade = remadeBy(sides, items)
  const isGone = ({ column, relation, schema }: Detail) =>
    schema !== null &&
    (!sides.to.base.has({ kind: "schema", name: schema }) ||
      (relation !== null && isMissing(sides, schema, relation, column)))
  const changed = sides.toDetails.all.filter((detail) => {
    const before = had.get(keyOf(detail))
    return before?.value !== detail.value || (detail.set.length > 0 && remade(detail))
  })
  const dropped = sides.fromDetails.all.filter(
    (detail) => !wanted.has(keyOf(detail)) && !isGone(detail) && detail.aspect !== versionOfExtension
  )
  const canSet = (detail: Detail) => detail.set.length > 0
  return {
    items: [
      ...dropped.filter(canSet).flatMap(({ unset }) => unset),
      ...changed
        .filter(canSet)
        .flatMap((detail) => [
          ...(detail.aspect === "extended statistics" && had.has(keyOf(detail)) ? detail.unset : []),
          ...detail.set
        ])
    ].map((sql) => statement(sql, /^ALTER (TABLE|VIEW|INDEX)/.test(sql) ? { lock: lockOf(sql) } : {})),
    hazards: [
      ...changed.filter((d) => !canSet(d)).map((d) => unsupported(d, had.get(keyOf(d))?.value, d.value)),
      ...dropped.filter((d) => !canSet(d)).map((d) => unsupported(d, d.value, undefined))
    ]
  }
}

const lockOf = (sql: string): "SHARE UPDATE EXCLUSIVE" | "ACCESS EXCLUSIVE" =>
  /SET STATISTICS| CLUSTER|SET \(|RESET \(/.test(sql) ? "SHARE UPDATE EXCLUSIVE" : "ACCESS EXCLUSIVE"

const unsupported = ({ aspect, object }: Detail, had: string | undefined, wanted: string | undefined): Hazard => ({
  kind: "unsupported",
  object,
  message:
    had === undefined && aspect === versionOfExtension
      ? `the extension is made in the version that is the server's default; ${wanted} is wanted`
      : had === undefined
        ? `the ${aspect} is to be ${wanted || "there"}, which no statement here does: make it by hand`
        : wanted === undefined
          ? `the ${aspect} is ${had || "there"} and is to be gone, which no statement here does: change it by hand`
          : `the ${aspect} is ${had}, and is to be ${wanted}: change it by hand`,
  severity: had === undefined && aspect === versionOfExtension ? "notice" : minor.has(aspect) ? "warning" : "error"
})

/** What a statement has made anew, or given another type, has lost what was set of it. */
const remadeBy = (sides: Sides, items: ReadonlyArray<Item>): ((detail: Detail) => boolean) => {
  const made = positions(items)
  const retyped = new Set(
    items.flatMap(({ action, sql }) =>
      action !== undefined && / ALTER COLUMN .* TYPE /s.test(sql)
        ? action.consumes.concat(action.produces).map(sides.engine.keyOf)
        : []
    )
  )
  return ({ column, relation, schema }) => {
    if (schema === null || relation === null) return false
    const kinds = ["table", "view", "materializedView", "index"] as const
    const ids: ReadonlyArray<StableId> = [
      ...kinds.map((kind) => ({ kind, schema, name: relation })),
      ...(column === null ? [] : [{ kind: "column" as const, schema, table: relation, name: column }])
    ]
    return ids.some((id) => made.has(sides.engine.keyOf(id)) || retyped.has(sides.engine.keyOf(id)))
  }
}

const isMissing = (sides: Sides, schema: string, relation: string, column: string | null): boolean => {
  const has = (id: StableId) => sides.to.base.has(id)
  const kinds = ["table", "view", "materializedView", "foreignTable", "index"] as const
  if (!kinds.some((kind) => has({ kind, schema, name: relation }))) return true
  const wasColumn = column !== null && sides.from.base.has({ kind: "column", schema, table: relation, name: column })
  return wasColumn && !has({ kind: "column", schema, table: relation, name: column })
}

/** The indexes of partitions, each behind the index of the partitioned table that it belongs to. */
export const attachments = (sides: Sides, items: ReadonlyArray<Item>): ReadonlyArray<Item> => {
  const made = positions(items)
  const there = new Set(sides.fromDetails.attached.map(({ index, parent }) => `${index} ${parent}`))
  const position = (id: StableId) => made.get(sides.engine.keyOf(id))
  const fresh = new Set<string>()
  return sides.toDetails.attached.flatMap((child) => {
    const parent = position({ kind: "index", schema: child.parentSchema, name: child.parentName })
    const partition = position({ kind: "table", schema: child.schema, name: child.partition })
    const isNew = parent !== undefined || fresh.has(child.parent)
    // A partition that is made behind the index gets its own by that.
    if (partition !== undefined && (parent === undefined || partition > parent) && !fresh.has(child.parent)) return []
    if (!isNew && there.has(`${child.index} ${child.parent}`)) return []
    if (
      !isNew &&
      sides.fromDetails.attached.some((other) => other.parent === child.parent && isSamePartition(other, child))
    )
      return []
    fresh.add(child.index)
    const stays = parent === undefined && sides.from.base.has(indexOf(child)) && sides.to.base.has(indexOf(child))
    return [
      ...(stays ? [] : [statement(child.definition, { lock: "SHARE" })]),
      statement(`ALTER INDEX ${child.parent} ATTACH PARTITION ${child.index}`, { lock: "ACCESS EXCLUSIVE" })
    ]
  })
}

const isSamePartition = (a: Attached, b: Attached) => a.schema === b.schema && a.partition === b.partition

const indexOf = ({ index, schema }: Attached): StableId => ({
  kind: "index",
  schema,
  name: index.slice(index.lastIndexOf(".") + 1).replaceAll('"', "")
})

const columnOf = ({ column, relation, schema }: NotNull): string => named(schema, relation, column)

/** Their names as they were: a copy has a partition's from the partitioned table. */
export const namedAs = (notNulls: ReadonlyArray<NotNull>, original: ReadonlyArray<NotNull>): ReadonlyArray<NotNull> => {
  const names = new Map(original.map((one) => [columnOf(one), one.name]))
  return notNulls.map((one) => ({ ...one, name: names.get(columnOf(one)) ?? one.name }))
}

/** From 18 on a NOT NULL has a name, which cannot be changed where the column is inherited with it. */
export const notNullNames = (
  sides: Sides
): { readonly items: ReadonlyArray<Item>; readonly hazards: ReadonlyArray<Hazard> } => {
  const had = new Map(sides.fromDetails.notNulls.map((one) => [columnOf(one), one.name]))
  const others = sides.toDetails.notNulls.flatMap((one) => {
    const before = had.get(columnOf(one)) ?? one.inherited ?? `${one.relation}_${one.column}_not_null`
    if (before === one.name || Buffer.byteLength(before) > 63) return []
    // What is made as a partition has the names of the partitioned table.
    if (!one.isLocal && !had.has(columnOf(one))) return []
    return [{ ...one, before, isFixed: !one.isLocal || one.inherited !== null }]
  })
  const isRenamedAbove = (one: (typeof others)[number]) =>
    others.some(({ before, isFixed, name }) => !isFixed && before === one.before && name === one.name)
  return {
    items: others.flatMap(({ before, isFixed, name, relation, schema }) => {
      if (isFixed) return []
      const [table, old, wanted] = [quoted(schema, relation), quoted(before), quoted(name)]
      return [statement(`ALTER TABLE ${table} RENAME CONSTRAINT ${old} TO ${wanted}`, { lock: "ACCESS EXCLUSIVE" })]
    }),
    hazards: others
      .filter((one) => one.isFixed && !isRenamedAbove(one))
      .map((one) => ({
        kind: "unsupported",
        object: columnOf(one),
        message: `its NOT NULL is called ${one.before}, as it is inherited, and is to be ${one.name}: only a new table would have it so`,
        severity: "warning"
      }))
  }
}

/** Columns are added at the end; where the other side has them elsewhere, only a new table would. */
export const columnOrder = (sides: Sides, items: ReadonlyArray<Item>): ReadonlyArray<Hazard> => {
  const before = columnsByTable(sides, sides.from.base.facts())
  const made = positions(items)
  const keyOf = (one: Column) => `${one.name} ${one.generated}`
  return [...columnsByTable(sides, sides.to.base.facts())].flatMap(([table, wanted]): ReadonlyArray<Hazard> => {
    const had = before.get(table)
    if (had === undefined) return []
    const names = new Set(wanted.map(keyOf))
    const kept = had.filter((one) => names.has(keyOf(one))).map(({ name }) => name)
    const added = wanted
      .filter(({ name }) => !kept.includes(name))
      .toSorted((a, b) => (made.get(a.key) ?? 0) - (made.get(b.key) ?? 0))
      .map(({ name }) => name)
    const reached = [...kept, ...added]
    return reached.every((name, i) => name === wanted[i]?.name)
      ? []
      : [
          {
            kind: "unsupported",
            object: table,
            message: `the columns will stand in another order (${reached.join(", ")}) than they are to (${wanted.map(({ name }) => name).join(", ")}): only a new table would have them so`,
            severity: "warning"
          }
        ]
  })
}

interface Column {
  readonly key: string
  readonly name: string
  readonly position: number
  readonly generated: string
}

const columnsByTable = (sides: Sides, facts: ReadonlyArray<Fact>): ReadonlyMap<string, ReadonlyArray<Column>> => {
  const tables = new Map<string, Array<Column>>()
  for (const { id, parent, payload } of facts) {
    if (id.kind !== "column" || parent?.kind !== "table") continue
    const table = named(id.schema, id.table)
    const column = {
      key: sides.engine.keyOf(id),
      name: id.name,
      position: Number(payload._position),
      generated: String(payload.generatedExpr)
    }
    tables.set(table, [...(tables.get(table) ?? []), column])
  }
  for (const columns of tables.values()) columns.sort((a, b) => a.position - b.position)
  return tables
}
