/** Bad input: renames that are none, or fit neither side. */
import { describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { beforeAll } from "vitest"
import { type Bad, testAll, write } from "./support/badCommand.ts"
import { forThisFile } from "./support/database.ts"
import { embedded } from "./support/schemas.ts"

const database = forThisFile()
let wanted = ""

beforeAll(async () => {
  await Effect.runPromise(
    database.sql("CREATE TYPE stage AS ENUM ('draft', 'final'); CREATE TABLE items (id int, total int, s stage)")
  )
  wanted = await database.embedded().createDatabase()
  await database
    .embedded()
    .sql(wanted, "CREATE TYPE stage AS ENUM ('draft', 'done'); CREATE TABLE items (id int, amount int, s stage)")
})

const url = (name: string) => embedded(database.embedded()).url(name)
/** A file of renames, and what is said of it. */
const renamed = (content: string) => () => ({ from: url(database.name()), to: url(wanted), renames: write(content) })
const column = (more: object) =>
  renamed(JSON.stringify([{ kind: "column", table: "items", from: "total", to: "amount", ...more }]))
const label = (more: object) =>
  renamed(JSON.stringify([{ kind: "enumValue", type: "stage", from: "final", to: "done", ...more }]))

const renames: ReadonlyArray<Bad> = [
  {
    name: "renames: a file that is not there",
    command: "diff",
    flags: () => ({ from: url(wanted), to: url(wanted), renames: "nowhere.json" }),
    exitCode: 64,
    code: "usage.postgres",
    says: "cannot read nowhere.json: there is no such file",
    hint: "correct the path, or the file's permissions"
  },
  {
    name: "renames: no JSON",
    command: "diff",
    flags: renamed("[{]"),
    exitCode: 1,
    code: "postgres.renames-invalid",
    says: "renames: it is no JSON",
    hint: "write them as"
  },
  {
    name: "renames: no list",
    command: "diff",
    flags: renamed("{}"),
    exitCode: 1,
    code: "postgres.renames-invalid",
    says: "renames: it is no list",
    hint: "write them as"
  },
  {
    name: "renames: no object",
    command: "diff",
    flags: renamed("[1]"),
    exitCode: 1,
    code: "postgres.renames-invalid",
    says: "renames[0]: it is no object",
    hint: "write them as"
  },
  {
    name: "renames: an unknown kind",
    command: "diff",
    flags: column({ kind: "colum" }),
    exitCode: 1,
    code: "postgres.renames-invalid",
    says: 'renames[0].kind: "colum" is none: it is column, table or enumValue',
    hint: "write them as"
  },
  {
    name: "renames: a name that is none",
    command: "diff",
    flags: column({ to: "" }),
    exitCode: 1,
    code: "postgres.renames-invalid",
    says: "renames[0].to: it has to be a name",
    hint: "write them as"
  },
  {
    name: "renames: a field too many",
    command: "diff",
    flags: column({ type: "int" }),
    exitCode: 1,
    code: "postgres.renames-invalid",
    says: "renames[0].type: a rename of a column has table, from, to",
    hint: "write them as"
  },
  {
    name: "renames: a table that is not there",
    command: "diff",
    flags: column({ table: "item" }),
    exitCode: 1,
    code: "postgres.renames-invalid",
    says: "renames[0].table: there is no table public.item",
    hint: "correct the name, or leave the rename out"
  },
  {
    name: "renames: a column that is not there",
    command: "diff",
    flags: column({ from: "totals" }),
    exitCode: 1,
    code: "postgres.renames-invalid",
    says: "renames[0].from: public.items has no column totals",
    hint: "correct the name, or leave the rename out"
  },
  {
    name: "renames: a column that is not to be",
    command: "diff",
    flags: column({ to: "amounts" }),
    exitCode: 1,
    code: "postgres.renames-invalid",
    says: "renames[0].to: public.items is not to have a column amounts",
    hint: "correct the name, or leave the rename out"
  },
  {
    name: "renames: a column that is there already",
    command: "diff",
    flags: column({ to: "id" }),
    exitCode: 1,
    code: "postgres.renames-invalid",
    says: "renames[0].to: public.items has a column id already",
    hint: "correct the name, or leave the rename out"
  },
  {
    name: "renames: an enum that is not there",
    command: "diff",
    flags: label({ type: "stages" }),
    exitCode: 1,
    code: "postgres.renames-invalid",
    says: "renames[0].type: there is no enum public.stages",
    hint: "correct the name, or leave the rename out"
  },
  {
    name: "renames: a label that is not there",
    command: "diff",
    flags: label({ from: "finals" }),
    exitCode: 1,
    code: "postgres.renames-invalid",
    says: "renames[0].from: public.stage has no label 'finals'",
    hint: "correct the name, or leave the rename out"
  },
  {
    name: "renames: a label that is not to be",
    command: "diff",
    flags: label({ to: "dones" }),
    exitCode: 1,
    code: "postgres.renames-invalid",
    says: "renames[0].to: public.stage is not to have a label 'dones'",
    hint: "correct the name, or leave the rename out"
  },
  {
    name: "renames: a table that is renamed to nothing",
    command: "diff",
    flags: renamed('[{"kind":"table","from":"items","to":"things"}]'),
    exitCode: 1,
    code: "postgres.renames-invalid",
    says: "renames[0].to: there is not to be a table public.things",
    hint: "correct the name, or leave the rename out"
  }
]

describe("bad input of renames", () => testAll(database, renames))
