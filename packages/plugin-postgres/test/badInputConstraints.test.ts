/** Bad input: constraints, indexes and rows that are asked for, and cannot be. */
import { describe } from "@effect/vitest"
import { Postgres } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import { beforeAll } from "vitest"
import { type Bad, testAll } from "./support/badInput.ts"
import { forThisFile } from "./support/database.ts"

const database = forThisFile()

beforeAll(() =>
  Effect.runPromise(
    database.sql(`CREATE TABLE parents (id int PRIMARY KEY); INSERT INTO parents VALUES (1);
      CREATE TABLE things (id int PRIMARY KEY, parent int, name text, doc json, size varchar(9) CONSTRAINT sized CHECK (size <> ''), CONSTRAINT named UNIQUE (name, id));
      INSERT INTO things VALUES (1, 1, 'a', NULL, 'x'), (2, 7, 'a', NULL, NULL);
      CREATE VIEW seen AS SELECT id FROM things`)
  )
)

const check = (name: string, expression: string) => () => [Postgres.check("it", { table: "things", name, expression })]
const unique =
  (name: string, ...columns: ReadonlyArray<string>) =>
  () => [Postgres.unique("it", { table: "things", name, columns })]
const foreignKey = (name: string, column: string, references: { table: string; columns?: Array<string> }) => () => [
  Postgres.foreignKey("it", { table: "things", name, columns: [column], references })
]
const index = (more: Partial<Parameters<typeof Postgres.index>[1]>) => () => [
  Postgres.index("it", { table: "things", name: "i", columns: ["name"], ...more })
]
const sql = (apply: string, done: string) => () => [Postgres.sql("it", { apply, done })]
const backfill = (more: Partial<Parameters<typeof Postgres.backfill>[1]>) => () => [
  Postgres.backfill("it", { table: "things", set: { name: "name" }, where: "id = 2", ...more })
]

const cases: ReadonlyArray<Bad> = [
  {
    name: "a check that rows do not keep stays for new rows",
    steps: check("c", "id > 1"),
    code: "postgres.rows-violate",
    says: 'check constraint "c" of relation "things" is violated by some row',
    hint: "correct the rows in a step before this one, with Postgres.backfill",
    leaves: /constraint public.things - c CHECK \(\(id > 1\)\) NOT VALID/
  },
  {
    name: "a check that does not parse",
    steps: check("p", "id >"),
    code: "postgres.statement-failed",
    says: 'syntax error at or near ")"',
    hint: "write one SQL expression, without a semicolon, its parentheses in"
  },
  {
    name: "a check that is no boolean",
    steps: check("b", "id + 1"),
    code: "postgres.statement-failed",
    says: "argument of CHECK must be type boolean, not type integer",
    hint: "make the types fit: convert the expression with ::, or correct the"
  },
  {
    name: "a check of a column that is missing",
    steps: check("m", "idd > 1"),
    code: "postgres.statement-failed",
    says: 'column "idd" does not exist',
    hint: "create it in a step before this one, or correct its name and schema"
  },
  {
    name: "a check with a query in it",
    steps: check("s", "id IN (SELECT id FROM parents)"),
    code: "postgres.statement-failed",
    says: "this is not one SQL expression: id IN (SELECT id FROM parents)",
    hint: "write one expression, with its parentheses in pairs"
  },
  {
    name: "a check with the name of a unique constraint",
    steps: check("named", "id > 1"),
    code: "postgres.constraint-conflict",
    says: "constraint named of public.things is UNIQUE (name, id), and should be CHECK (id > 1)",
    hint: "give the new one another name: one of another kind is not dropped for"
  },
  {
    name: "a unique constraint over rows that are equal",
    steps: unique("u", "name"),
    code: "postgres.rows-violate",
    says: "rows of public.things do not keep it",
    hint: "find them with GROUP BY … HAVING count(*) > 1, and make them"
  },
  {
    name: "a unique constraint with the name of another",
    steps: unique("named", "name"),
    code: "postgres.constraint-conflict",
    says: "constraint named of public.things is UNIQUE (name, id), and should be UNIQUE (name)",
    hint: "give the new one another name; drop the old one in a step of its own"
  },
  {
    name: "a unique constraint with the name of a table",
    steps: unique("parents", "id"),
    code: "postgres.statement-failed",
    says: 'relation "parents" already exists',
    hint: "a table, an index or a view has this name already: give it another"
  },
  {
    name: "a unique constraint over a column that is missing",
    steps: unique("u", "nam"),
    code: "core.unavailable",
    says: "column public.things.nam is not there",
    hint: "create it in a step before this one, or correct its name and schema"
  },
  {
    name: "a unique constraint over what cannot be compared",
    steps: unique("u", "doc"),
    code: "postgres.statement-failed",
    says: 'data type json has no default operator class for access method "btree"',
    hint: "create first what is missing, or correct its name and schema"
  },
  {
    name: "a foreign key with rows that point to nothing stays for new rows",
    steps: foreignKey("f", "parent", { table: "parents" }),
    code: "postgres.rows-violate",
    says: 'insert or update on table "things" violates foreign key constraint "f"',
    hint: "add the rows that are pointed to, or clear what points to nothing, in",
    leaves: /constraint public.things - f FOREIGN KEY \(parent\) .* NOT VALID/
  },
  {
    name: "a foreign key to another type",
    steps: foreignKey("t", "name", { table: "parents" }),
    code: "postgres.statement-failed",
    says: 'foreign key constraint "t" cannot be implemented',
    hint: "make the types fit: convert the expression with ::, or correct the"
  },
  {
    name: "a foreign key to no table",
    steps: foreignKey("n", "parent", { table: "parent" }),
    code: "core.unavailable",
    says: "table public.parent is not there",
    hint: "create it in a step before this one, or correct its name and schema"
  },
  {
    name: "a foreign key to a view",
    steps: foreignKey("v", "parent", { table: "seen" }),
    code: "postgres.statement-failed",
    says: "public.seen is a view, and no table",
    hint: "correct the name, or give the table another one"
  },
  {
    name: "a foreign key to a column that is missing",
    steps: foreignKey("o", "parent", { table: "parents", columns: ["idd"] }),
    code: "postgres.statement-failed",
    says: 'column "idd" referenced in foreign key constraint does not exist',
    hint: "correct the column's name"
  },
  {
    name: "a foreign key to what is not unique",
    steps: foreignKey("q", "parent", { table: "things", columns: ["parent"] }),
    code: "postgres.statement-failed",
    says: 'there is no unique constraint matching given keys for referenced table "things"',
    hint: "give the columns that are pointed to a unique constraint first, with"
  },
  {
    name: "an index by an unknown method",
    steps: index({ method: "btreee" }),
    code: "postgres.statement-failed",
    says: 'access method "btreee" does not exist',
    hint: "create first what is missing, or correct its name and schema"
  },
  {
    name: "an index by unknown operators",
    steps: index({ columns: [{ column: "name", operators: "gin_trgm_ops" }] }),
    code: "postgres.statement-failed",
    says: 'operator class "gin_trgm_ops" does not exist for access method "btree"',
    hint: "create first what is missing, or correct its name and schema"
  },
  {
    name: "an index of what is not always the same",
    steps: index({ columns: [{ expression: "now()" }] }),
    code: "postgres.statement-failed",
    says: "functions in index expression must be marked IMMUTABLE",
    hint: "use functions that always give the same for the same values: they are"
  },
  {
    name: "a unique index over rows that are equal",
    steps: index({ unique: true }),
    code: "postgres.rows-violate",
    says: "rows of public.things do not keep it",
    hint: "find them with GROUP BY … HAVING count(*) > 1, and make them"
  },
  {
    name: "an index of a view",
    steps: index({ table: "seen", columns: ["id"] }),
    code: "postgres.statement-failed",
    says: "public.seen is a view, and no table",
    hint: "correct the name, or give the table another one"
  },
  {
    name: "rows that would break a check",
    steps: backfill({ set: { size: "''" } }),
    code: "postgres.statement-failed",
    says: 'new row for relation "things" violates check constraint "sized"',
    hint: "the row does not keep the check: correct its values, or the check"
  },
  {
    name: "rows that are never done",
    steps: backfill({}),
    code: "core.step-did-not-converge",
    says: "“it” was applied without an error, but its check still says: public.things: set name where id = 2, in batches",
    hint: "something undoes the change, or the step does not do what it says"
  },
  {
    name: "rows with a value of another type",
    steps: backfill({ set: { id: "name" } }),
    code: "postgres.statement-failed",
    says: 'column "id" is of type integer but expression is of type text',
    hint: "make the types fit: convert the expression with ::, or correct the"
  },
  {
    name: "a statement that does not parse",
    steps: sql("UPDAT things", "SELECT false"),
    code: "postgres.statement-failed",
    says: 'syntax error at or near "UPDAT"',
    hint: "correct the statement's syntax; a step takes one single statement"
  },
  {
    name: "two statements in one",
    steps: sql("DELETE FROM things; DELETE FROM parents", "SELECT false"),
    code: "postgres.statement-failed",
    says: "cannot insert multiple commands into a prepared statement",
    hint: "correct the statement's syntax; a step takes one single statement"
  },
  {
    name: "a question that answers no boolean",
    steps: sql("DELETE FROM things", "SELECT 1"),
    code: "postgres.done-not-boolean",
    says: "the query of `done` must answer one boolean; it answered 1 rows of 1 columns",
    hint: "write it like SELECT EXISTS (SELECT FROM … WHERE …)"
  },
  {
    name: "a question that writes",
    steps: sql("SELECT 1", "DELETE FROM things RETURNING true"),
    code: "postgres.not-read-only",
    says: "a check may not change anything: cannot execute DELETE in a read-only transaction",
    hint: "write `done` as a SELECT that changes nothing"
  },
  {
    name: "a statement that does not do what it should",
    steps: sql("SELECT 1", "SELECT false"),
    code: "core.step-did-not-converge",
    says: "“it” was applied without an error, but its check still says: SELECT 1",
    hint: "something undoes the change, or the step does not do what it says"
  }
]

describe("bad input of constraints, indexes and rows", () => testAll(database, cases))
