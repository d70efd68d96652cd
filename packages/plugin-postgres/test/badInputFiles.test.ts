/** Bad input: files of SQL, of rows, and of backups. */
import * as path from "node:path"
import { describe } from "@effect/vitest"
import { Postgres } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import { beforeAll } from "vitest"
import { type Bad, testAll } from "./support/badInput.ts"
import { forThisFile } from "./support/database.ts"
import { folder, folderWith, lines } from "./support/dataGround.ts"

const database = forThisFile()

beforeAll(() =>
  Effect.runPromise(
    database.sql(`CREATE TYPE stage AS ENUM ('draft', 'final'); CREATE TABLE parents (id int PRIMARY KEY); INSERT INTO parents VALUES (1);
      CREATE TABLE items (id int PRIMARY KEY, name varchar(9) NOT NULL UNIQUE, parent int REFERENCES parents);
      CREATE VIEW seen AS SELECT id FROM items; CREATE TABLE unkeyed (id int)`)
  )
)

const migrations =
  (files: Readonly<Record<string, string | Uint8Array>>, more: object = {}) =>
  () => [Postgres.migrations("it", { folder: folderWith(files), ...more })]
const named =
  (...names: ReadonlyArray<string>) =>
  () => {
    const at = folderWith(Object.fromEntries(names.map((name) => [path.basename(name), "SELECT 1"])))
    return [Postgres.migrations("it", { files: names.map((name) => path.join(at, path.basename(name))) })]
  }
const rows =
  (files: Readonly<Record<string, string | Uint8Array>>, ...tables: ReadonlyArray<string>) =>
  () => [Postgres.importData("it", { directory: folderWith(files), tables: tables.length === 0 ? ["items"] : tables })]
const items = (text: string | Uint8Array) => rows({ "public.items.jsonl": text })

const sql: ReadonlyArray<Bad> = [
  {
    name: "a folder that is not there",
    steps: () => [Postgres.migrations("it", { folder: folder() })],
    code: "target.file-failed",
    says: "cannot list",
    hint: "create it first, or correct the path"
  },
  {
    name: "a folder without a file",
    steps: migrations({ "readme.md": "" }),
    code: "postgres.migrations-refused",
    says: "there is no file of SQL in",
    hint: "correct the folder; files end in .sql"
  },
  {
    name: "neither folder nor files",
    steps: () => [Postgres.migrations("it", {})],
    code: "postgres.migrations-refused",
    says: "it is not said which files",
    hint: "give either `folder` or `files`"
  },
  {
    name: "a file that is not there",
    steps: () => [Postgres.migrations("it", { files: [path.join(folder(), "1.sql")] })],
    code: "target.file-failed",
    says: "cannot read",
    hint: "create it first, or correct the path"
  },
  {
    name: "two files of one name",
    steps: named("a/1.sql", "b/1.sql"),
    code: "postgres.migrations-refused",
    says: "two files are called 1.sql",
    hint: "give each file a name of its own"
  },
  {
    name: "another encoding",
    steps: migrations({ "1.sql": Buffer.from("SELECT '\xe9'", "latin1") }),
    code: "postgres.sql-unreadable",
    says: "is not encoded in UTF-8",
    hint: "save it as UTF-8: `iconv -f LATIN1 -t UTF-8"
  },
  {
    name: "UTF-16",
    steps: migrations({ "1.sql": Buffer.from("\ufeffSELECT 1", "utf16le") }),
    code: "postgres.sql-unreadable",
    says: "is not encoded in UTF-8",
    hint: "save it as UTF-8: `iconv -f UTF-16 -t UTF-8"
  },
  {
    name: "what is no SQL",
    steps: migrations({ "1.sql": "SELECT 1;\nSELEC 2;" }),
    code: "postgres.sql-unparsable",
    says: '1.sql:2:1: syntax error at or near "SELEC"',
    hint: "correct it: this is what PostgreSQL's own grammar (version 18) says"
  },
  {
    name: "a text that does not end",
    steps: migrations({ "1.sql": "SELECT 'open;\n" }),
    code: "postgres.sql-unparsable",
    says: "1.sql:1:8: unterminated quoted string at or near \"'open;",
    hint: "close what is opened here"
  },
  {
    name: "what only psql can do",
    steps: migrations({ "1.sql": "\\connect other\nSELECT 1" }),
    code: "postgres.migrations-refused",
    says: "1.sql: line 1: \\connect other is a command of psql, and is left out: what it does must be in the file itself, or in another one",
    hint: "correct the file; `shipshape sql plan 1.sql` shows all of it"
  },
  {
    name: "a file that is included",
    steps: migrations({ "1.sql": "\\i other.sql" }),
    code: "postgres.migrations-refused",
    says: "1.sql: line 1: \\i other.sql is a command of psql, and is left out: what it does must be in the file itself, or in another one",
    hint: "correct the file; `shipshape sql plan 1.sql` shows all of it"
  },
  {
    name: "what cannot be in a transaction, in one",
    steps: migrations({ "1.sql": "BEGIN; CREATE TABLE a (); VACUUM; COMMIT" }),
    code: "postgres.migrations-refused",
    says: "1.sql: line 1: the transaction that begins here cannot be one: VACUUM in line 1 must be committed by itself; it is cut in more than one, so it is not all or nothing",
    hint: "correct the file; `shipshape sql plan 1.sql` shows all of it"
  },
  {
    name: "a baseline that is none of the files",
    steps: migrations({ "1.sql": "SELECT 1" }, { baseline: "2.sql" }),
    code: "postgres.migrations-refused",
    says: "there is no file 2.sql, which the database shall be taken over with",
    hint: "name one of: 1.sql"
  },
  {
    name: "a statement that fails",
    steps: migrations({ "1.sql": "CREATE TABLE a (id int);\nINSERT INTO a\n  VALUES (nope);" }),
    code: "postgres.migration-failed",
    says: 'column "nope" does not exist',
    hint: "correct the column's name; what was committed before stays, and the"
  },
  {
    name: "rows for COPY with too few cells",
    steps: migrations({ "1.sql": "CREATE TABLE a (x int, y int);\nCOPY a FROM stdin;\n1\n\\.\n" }),
    code: "postgres.migration-failed",
    says: 'missing data for column "y"',
    hint: "correct the statement, or what it works on; the SQLSTATE is explained"
  },
  {
    name: "a label that another one stands for",
    steps: migrations({ "1.sql": "ALTER TYPE stage ADD VALUE 'x' AFTER 'nowhere'" }),
    code: "postgres.migration-failed",
    says: '"nowhere" is not an existing enum label',
    hint: "correct the value, or the label that is named: one that a new label"
  },
  {
    name: "a file that was edited after it was run",
    given: "INSERT INTO shipshape_migrations VALUES ('1.sql', 1, 1, 'a', 'b', 'done', 'r')",
    steps: migrations({ "1.sql": "SELECT 1" }),
    code: "postgres.migration-edited",
    says: "1.sql was edited after it was run",
    hint: "put it back as it was (its checksum is in the ledger), and write what"
  }
]

const data: ReadonlyArray<Bad> = [
  {
    name: "a folder without rows",
    steps: rows({}),
    code: "core.unavailable",
    says: "there is neither public.items.jsonl nor public.items.copy in",
    hint: "let a step before this one write the file, or correct `directory` and"
  },
  {
    name: "rows: a folder that is not there",
    steps: () => [Postgres.importData("it", { directory: folder(), tables: ["items"] })],
    code: "core.unavailable",
    says: "there is neither public.items.jsonl nor public.items.copy in",
    hint: "let a step before this one write the file, or correct `directory` and"
  },
  {
    name: "rows for a table that is not there",
    steps: rows({ "public.item.jsonl": "" }, "item"),
    code: "core.unavailable",
    says: "there is no table public.item",
    hint: "create it in a step before this one, or correct the name in `tables`"
  },
  {
    name: "rows for a view",
    steps: rows({ "public.seen.jsonl": lines({ id: 1 }) }, "seen"),
    code: "core.unavailable",
    says: "there is no table public.seen",
    hint: "create it in a step before this one, or correct the name in `tables`"
  },
  {
    name: "rows for a table without a key",
    steps: rows({ "public.unkeyed.jsonl": lines({ id: 1 }) }, "unkeyed"),
    code: "postgres.data-refused",
    says: "public.unkeyed has no primary key by which its rows could be known again",
    hint: "give `key`, with columns that a unique constraint is on"
  },
  {
    name: "rows that are cut off",
    steps: items(`${lines({ id: 1, name: "a", parent: 1 })}{"id":2,"na`),
    code: "postgres.data-invalid",
    says: "public.items.jsonl, line 2: it is no JSON",
    hint: "correct the line; of this table nothing was written"
  },
  {
    name: "rows: unknown column",
    steps: items(lines({ id: 1, nam: "a" })),
    code: "core.unavailable",
    says: "public.items.jsonl, line 1: public.items has no column nam; it has id, name, parent",
    hint: "create it in a step before this one, or correct the name in `tables`"
  },
  {
    name: "rows of a wrong type",
    steps: items(lines({ id: "one", name: "a", parent: 1 })),
    code: "postgres.data-invalid",
    says: 'public.items.jsonl, line 1: invalid input syntax for type integer: "one"',
    hint: "correct the row, or the table; of this table nothing was written"
  },
  {
    name: "rows: value too long",
    steps: items(lines({ id: 1, name: "more than nine", parent: 1 })),
    code: "postgres.data-invalid",
    says: "public.items.jsonl, line 1: value too long for type character varying(9)",
    hint: "correct the row, or the table; of this table nothing was written"
  },
  {
    name: "rows that point to nothing",
    steps: items(lines({ id: 1, name: "a", parent: 7 })),
    code: "postgres.data-invalid",
    says: 'public.items.jsonl: insert or update on table "items" violates foreign key constraint "items_parent_fkey"',
    hint: "import the table that it refers to as well, or let its rows be there"
  },
  {
    name: "rows: twice the same key",
    steps: items(lines({ id: 1, name: "a", parent: 1 }, { id: 1, name: "b", parent: 1 })),
    code: "postgres.data-invalid",
    says: 'public.items.jsonl, line 2: duplicate key value violates unique constraint "items_pkey"',
    hint: "correct the row, or the table; of this table nothing was written"
  },
  {
    name: "rows: twice the same natural key",
    steps: items(lines({ id: 1, name: "a", parent: 1 }, { id: 2, name: "a", parent: 1 })),
    code: "postgres.data-invalid",
    says: 'public.items.jsonl, line 2: duplicate key value violates unique constraint "items_name_key"',
    hint: "correct the row, or the table; of this table nothing was written"
  },
  {
    name: "rows: without what must be there",
    steps: items(lines({ id: 1, name: null, parent: 1 })),
    code: "postgres.data-invalid",
    says: 'public.items.jsonl, line 1: null value in column "name" of relation "items" violates not-null constraint',
    hint: "correct the row, or the table; of this table nothing was written"
  },
  {
    name: "rows: another encoding",
    steps: items(Buffer.from('{"id":1,"name":"\xfc","parent":1}\n', "latin1")),
    code: "postgres.data-invalid",
    says: "public.items.jsonl, line 1: it is not UTF-8",
    hint: "correct the line; of this table nothing was written"
  },
  {
    name: "rows: key not in file",
    steps: () => [
      Postgres.importData("it", {
        directory: folderWith({ "public.items.jsonl": lines({ id: 1, name: "a" }) }),
        tables: [{ table: "items", key: ["nam"] }]
      })
    ],
    code: "postgres.data-refused",
    says: "nothing says that nam is unique in public.items",
    hint: "name the columns of a unique constraint or index without a condition"
  },
  {
    name: "export: unknown table",
    steps: () => [Postgres.exportData("it", { directory: folder(), tables: ["item"] })],
    code: "postgres.data-refused",
    says: "there is no table public.item",
    hint: "create it in a step before this one, or correct its name and schema"
  },
  {
    name: "export: below a file",
    steps: () => [
      Postgres.exportData("it", { directory: path.join(folderWith({ f: "" }), "f", "d"), tables: ["items"] })
    ],
    code: "target.file-failed",
    says: "cannot make folder",
    hint: "a file is where a folder is expected: correct the path"
  }
]

describe("bad input of files of SQL", () => testAll(database, sql))
describe("bad input of rows and backups", () => testAll(database, data))
