/** A random state to be reached by steps, and random tables from where it is reached: of few names, all of them stated. */
import type { Step } from "@shipshape/core"
import { Postgres } from "@shipshape/plugin-postgres"
import type { Services } from "./laws.ts"

export type AnyStep = Step.Step<unknown, unknown, Services, Services, string>

/** Numbers below a bound that are the same for a seed (mulberry32). */
export const numbers = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * below)
  }
}

const labels = ["new", "draft", "it's", "late", "final"]

/** Types from narrow to wide, a value that each of them holds, and defaults as somebody would write them. */
const families: ReadonlyArray<{
  readonly types: ReadonlyArray<string>
  readonly value: string
  readonly defaults: ReadonlyArray<string>
}> = [
  { types: ["varchar(10)", "varchar(20)", "text"], value: "'v'", defaults: ["'a'", "upper('b')", "'it''s' || 'x'"] },
  { types: ["numeric(6,2)", "numeric(9,2)"], value: "1.5", defaults: ["0", "-1.25", "2 * 3"] },
  { types: ["stage"], value: "'draft'", defaults: ["'draft'", "'late'", "'it''s'::stage"] },
  { types: ["timestamptz"], value: "'2026-01-02'", defaults: ["now()", "'2026-01-01'"] },
  { types: ["int"], value: "7", defaults: ["3", "4 + 1"] },
  { types: ["uuid"], value: "'00000000-0000-0000-0000-000000000001'", defaults: ["gen_random_uuid()"] }
]

const one = <A>(below: (n: number) => number, from: ReadonlyArray<A>): A => {
  const found = from[below(from.length)]
  if (found === undefined) throw new RangeError("there is nothing to choose from")
  return found
}

interface Column {
  readonly name: string
  readonly family: (typeof families)[number]
  readonly type: string
  readonly nullable: boolean
  readonly default: string | null
}

export interface Wanted {
  readonly steps: ReadonlyArray<AnyStep>
  /** SQL of a table that may become it: rows, and some of what is wanted, more or less as it is wanted. */
  readonly table: (seed: number) => string
}

const checks = ["id > 0", "id > -1 AND id < 1000", "id IN (SELECTED)", "length(coalesce(c0::text, '')) < 99"].map(
  (sql) => sql.replace("SELECTED", Array.from({ length: 40 }, (_, i) => i + 1).join(", "))
)

const predicates = ["", "id > 3", "c0 IS NOT NULL"]

/** A state that steps bring about: all that such tables may have is stated. */
export const wanted = (seed: number): Wanted => {
  const below = numbers(seed)
  const columns = Array.from({ length: 4 }, (_, i): Column => {
    const family = one(below, families)
    return {
      name: `c${i}`,
      family,
      type: family.types[family.types.length - 1 - below(Math.min(2, family.types.length))] ?? "text",
      nullable: below(2) === 0,
      default: below(3) === 0 ? null : one(below, family.defaults)
    }
  })
  const [check, predicate] = [one(below, checks), one(below, predicates)]
  const onDelete = one(below, ["cascade", "set null", "no action"] as const)
  const table = "Things"
  const steps: ReadonlyArray<AnyStep> = [
    Postgres.enum("x", { name: "stage", labels }),
    ...columns.map(({ default: preset, family, name, nullable, type }) =>
      Postgres.column("x", {
        table,
        name,
        type,
        nullable,
        default: preset,
        ...(nullable ? {} : { fill: family.value })
      })
    ),
    Postgres.check("x", { table, name: "k", expression: check }),
    Postgres.unique("x", { table, name: "u", columns: ["id", "c1"] }),
    Postgres.foreignKey("x", { table, name: "f", columns: ["parent"], references: { table: "parents" }, onDelete }),
    Postgres.index("x", {
      table,
      name: "i",
      columns: [below(2) === 0 ? "c0" : { expression: "coalesce(id, 0)", descending: true }, "c2"],
      ...(predicate === "" ? {} : { where: predicate })
    })
  ]
  return { steps, table: (other) => tableSql(columns, other) }
}

const tableSql = (columns: ReadonlyArray<Column>, seed: number): string => {
  const below = numbers(seed)
  const maybe = (of = 2) => below(of) === 0
  const some = labels.filter((label) => label === "draft" || maybe())
  const there = columns
    .filter(() => !maybe(4))
    .map((column) => {
      const { family, name, type } = column
      const narrow = family.types.slice(0, family.types.indexOf(type) + 1)
      const nullable = maybe() || column.nullable
      return { name, family, nullable, sql: `${name} ${one(below, narrow)}${nullable ? "" : " NOT NULL"}` }
    })
  const has = (name: string) => there.some((column) => column.name === name)
  const rows = maybe(4) ? 0 : 5 + below(30)
  return [
    `CREATE TYPE stage AS ENUM (${some.map((label) => `'${label.replace("'", "''")}'`).join(", ")})`,
    "CREATE TABLE parents (id int PRIMARY KEY)",
    "INSERT INTO parents VALUES (1), (2)",
    `CREATE TABLE "Things" (id int PRIMARY KEY, parent int, ${there
      .map(({ sql }) => sql)
      .concat("gone text")
      .join(", ")})`,
    'ALTER TABLE "Things" DROP gone',
    ...(rows === 0
      ? []
      : [
          `INSERT INTO "Things" (${["id", "parent", ...there.map(({ name }) => name)].join(", ")})
            SELECT ${["n", "1 + n % 2", ...there.map(({ family, nullable }) => (nullable ? `CASE WHEN n % 3 > 0 THEN ${family.value} END${family.types[0] === "stage" ? "::stage" : ""}` : family.value))].map((sql, i) => (i < 2 ? sql : `(${sql})::${there[i - 2]?.family.types.at(-1)}`)).join(", ")} FROM generate_series(1, ${rows}) n`
        ]),
    ...(maybe()
      ? [
          `ALTER TABLE "Things" ADD CONSTRAINT k CHECK (${one(below, checks.slice(0, 3))}) ${maybe() ? "NOT VALID" : ""}`
        ]
      : []),
    ...(maybe() && has("c1") ? ['ALTER TABLE "Things" ADD CONSTRAINT u UNIQUE (id, c1)'] : []),
    ...(maybe() ? ['ALTER TABLE "Things" ADD CONSTRAINT f FOREIGN KEY (parent) REFERENCES parents NOT VALID'] : []),
    ...(maybe() ? ['CREATE INDEX i ON "Things" (id)'] : [])
  ].join(";\n")
}
