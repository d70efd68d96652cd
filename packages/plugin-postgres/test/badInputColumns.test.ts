/** Bad input: what enums and columns are asked to be, and cannot. */
import { assert, describe, it } from "@effect/vitest"
import { Postgres } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import { beforeAll } from "vitest"
import { type Bad, runOn, testAll } from "./support/badInput.ts"
import { forThisFile } from "./support/database.ts"

const database = forThisFile()

beforeAll(() =>
  Effect.runPromise(
    database.sql(`CREATE TYPE stage AS ENUM ('draft', 'old', 'final');
      CREATE TABLE parents (id int PRIMARY KEY); INSERT INTO parents VALUES (1);
      CREATE TABLE things (id int PRIMARY KEY, parent int, name text, s stage, size varchar(9), CONSTRAINT named UNIQUE (name, id));
      INSERT INTO things VALUES (1, 1, 'a', 'old', 'x'), (2, 7, 'a', 'draft', NULL);
      CREATE VIEW seen AS SELECT id FROM things; CREATE SEQUENCE counted; CREATE DOMAIN amount AS int`)
  )
)

const x = "x".repeat(64)
const column = (more: Partial<Parameters<typeof Postgres.column>[1]>) => () => [
  Postgres.column("it", { table: "things", name: "fresh", type: "int", ...more })
]
const enumOf = (more: Partial<Parameters<typeof Postgres.enum>[1]>) => () => [
  Postgres.enum("it", { name: "stage", labels: ["draft", "old", "final"], ...more })
]

const cases: ReadonlyArray<Bad> = [
  {
    name: "enum: a label twice",
    steps: enumOf({ labels: ["a", "a"] }),
    code: "core.step-input-invalid",
    says: "step “it” (postgres.enum): labels: expected each label once",
    hint: "correct the input of “it”; `shipshape steps postgres.enum` lists the"
  },
  {
    name: "enum: no labels",
    steps: enumOf({ labels: [] }),
    code: "core.step-input-invalid",
    says: "step “it” (postgres.enum): labels: Expected a value with a length of at least 1",
    hint: "correct the input of “it”; `shipshape steps postgres.enum` lists the"
  },
  {
    name: "enum: label too long",
    steps: enumOf({ labels: [x] }),
    code: "core.step-input-invalid",
    says: "step “it” (postgres.enum): labels[0]: expected at most 63 bytes",
    hint: "correct the input of “it”; `shipshape steps postgres.enum` lists the"
  },
  {
    name: "enum: labels in another order",
    steps: enumOf({ labels: ["final", "old", "draft"] }),
    code: "postgres.enum-conflict",
    says: "enum public.stage has its labels in another order: draft, old, final",
    hint: "list the labels in the order in which they are there, new ones"
  },
  {
    name: "enum: label not listed",
    steps: enumOf({ labels: ["draft", "final"] }),
    code: "postgres.enum-conflict",
    says: "enum public.stage has labels that are not wanted, and PostgreSQL cannot remove a label: old",
    hint: "list them as well, say in `renames` what they are called now, or make"
  },
  {
    name: "enum: a table's name",
    steps: enumOf({ name: "things" }),
    code: "postgres.statement-failed",
    says: "public.things is the type of the rows of a table or a view, and no enum",
    hint: "correct the name, or give the enum another one"
  },
  {
    name: "enum: a domain's name",
    steps: enumOf({ name: "amount" }),
    code: "postgres.statement-failed",
    says: "public.amount is a domain, and no enum",
    hint: "correct the name, or give the enum another one"
  },
  {
    name: "enum: schema missing",
    steps: enumOf({ name: "fresh", schema: "nowhere" }),
    code: "postgres.statement-failed",
    says: 'schema "nowhere" does not exist',
    hint: "create the schema first, with Postgres.schema, or correct its name"
  },
  {
    name: "column: no table",
    steps: column({ table: "thing" }),
    code: "core.unavailable",
    says: "table public.thing is not there",
    hint: "create the table in a step before this one, or correct its name and"
  },
  {
    name: "column: no schema",
    steps: column({ schema: "nowhere" }),
    code: "core.unavailable",
    says: "table nowhere.things is not there",
    hint: "create the table in a step before this one, or correct its name and"
  },
  {
    name: "column: of a view",
    steps: column({ table: "seen" }),
    code: "postgres.statement-failed",
    says: "public.seen is a view, and no table",
    hint: "correct the name, or give the table another one"
  },
  {
    name: "column: of a sequence",
    steps: column({ table: "counted" }),
    code: "postgres.statement-failed",
    says: "public.counted is a sequence, and no table",
    hint: "correct the name, or give the table another one"
  },
  {
    name: "column: no such type",
    steps: column({ type: "intt" }),
    code: "core.unavailable",
    says: "type intt is not there",
    hint: "create the type in a step before this one, or correct its name"
  },
  {
    name: "column: type with code",
    steps: column({ type: "int; DROP TABLE things" }),
    code: "core.step-input-invalid",
    says: "step “it” (postgres.column): type: Expected the name of a type, such as varchar(200), timestamp with time zone or text[]",
    hint: "correct the input of “it”; `shipshape steps postgres.column` lists"
  },
  {
    name: "column: modifier that is none",
    steps: column({ type: "varchar(0)" }),
    code: "postgres.statement-failed",
    says: "length for type varchar must be at least 1",
    hint: "correct the value, or the label that is named: one that a new label"
  },
  {
    name: "column: default that does not parse",
    steps: column({ default: "1 +" }),
    code: "postgres.statement-failed",
    says: 'syntax error at or near ")"',
    hint: "write one SQL expression, without a semicolon, its parentheses in"
  },
  {
    name: "column: default of another type",
    steps: column({ default: "'many'" }),
    code: "postgres.statement-failed",
    says: 'invalid input syntax for type integer: "many"',
    hint: "let a step before this one create what it names, or correct it"
  },
  {
    name: "column: default with another column",
    steps: column({ default: "id + 1" }),
    code: "postgres.statement-failed",
    says: 'column "id" does not exist',
    hint: "let a step before this one create what it names, or correct it"
  },
  {
    name: "column: default with two expressions",
    steps: column({ default: "1, 2" }),
    code: "postgres.statement-failed",
    says: "cannot cast type record to integer",
    hint: "correct the statement, or what it works on; the SQLSTATE is explained"
  },
  {
    name: "column: collation missing",
    steps: column({ type: "text", collation: "nowhere" }),
    code: "postgres.statement-failed",
    says: 'collation "nowhere" for encoding "UTF8" does not exist',
    hint: "create first what is missing, or correct its name and schema"
  },
  {
    name: "column: name too long",
    steps: column({ name: x }),
    code: "core.step-input-invalid",
    says: "step “it” (postgres.column): name: expected at most 63 bytes, and no NUL",
    hint: "correct the input of “it”; `shipshape steps postgres.column` lists"
  },
  {
    name: "column: name empty",
    steps: column({ name: "" }),
    code: "core.step-input-invalid",
    says: "step “it” (postgres.column): name: Expected a value with a length of at least 1",
    hint: "correct the input of “it”; `shipshape steps postgres.column` lists"
  },
  {
    name: "column: another type",
    steps: column({ name: "name", type: "int" }),
    code: "postgres.column-conflict",
    says: "column public.things.name has type text, and should have int",
    hint: "convert it in a migration of its own, which may rewrite the table and"
  },
  {
    name: "column: less room",
    steps: column({ name: "size", type: "varchar(5)" }),
    code: "postgres.column-conflict",
    says: "column public.things.size has type character varying(9), and should have varchar(5)",
    hint: "convert it in a migration of its own, which may rewrite the table and"
  },
  {
    name: "column: not null without a default, new",
    steps: column({ nullable: false }),
    code: "postgres.statement-failed",
    says: 'column "fresh" of relation "things" contains null values',
    hint: "the table has rows: give the column a default, or make it nullable"
  },
  {
    name: "enum: rename to nothing",
    steps: enumOf({ labels: ["draft", "old", "final"], renames: { old: "archived" } }),
    code: "postgres.enum-conflict",
    says: "enum public.stage: label old is to be renamed to archived, and its labels are draft, old, final",
    hint: "list the new name in `labels`, and the old one no longer"
  },
  {
    name: "enum: a label in use is removed",
    steps: () => [Postgres.replaceEnum("it", { name: "stage", labels: ["draft", "final"] })],
    code: "postgres.label-in-use",
    says: "enum public.stage is not replaced: 1 row of public.things.s holds old",
    hint: "say in `values` what such rows hold afterwards, or change them in a"
  },
  {
    name: "column: not null where nulls are",
    steps: column({ name: "size", type: "varchar(9)", nullable: false }),
    code: "postgres.rows-violate",
    says: "rows of public.things have nothing in column size, which is to be NOT NULL",
    hint: "fill the column first, with Postgres.backfill or a `default`, or make"
  }
]

describe("bad input of enums and columns", () => testAll(database, cases))

describe("a run", () => {
  it.live("beside another one of the same deployment does each thing once", () =>
    Effect.gen(function* () {
      const steps = () => [
        Postgres.enum("kind", { name: "kind", labels: ["a", "b"] }),
        Postgres.column("of", { table: "things", name: "of", type: "int", default: "1" }),
        Postgres.index("by", { table: "things", name: "by_of", columns: ["of"] })
      ]
      // Without a store that both know, nothing keeps them from each other but the server.
      yield* Effect.all([runOn(database, { steps }), runOn(database, { steps })], { concurrency: 2 })
      assert.deepStrictEqual((yield* runOn(database, { steps })).exitCode, 0)
      const last = yield* runOn(database, { steps })
      assert.deepStrictEqual([last.applied, last.exitCode], [[], 0])
      const { rows } = yield* database.sql("SELECT count(*)::int AS n FROM pg_index WHERE NOT indisvalid")
      assert.strictEqual(rows[0].n, 0)
    })
  )
})
