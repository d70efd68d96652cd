import { Check, Step } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Data from "./Data.ts"
import { rowsResource, schemaResource, whenReached } from "./internal/whenReached.ts"
import { DataControl, DataProbe, type Difference, type ImportTable } from "./PostgresData.ts"

const Names = Schema.Array(Schema.NonEmptyString).pipe(Schema.withDecodingDefaultKey(Effect.succeed([])))

const Table = Schema.Struct({
  table: Schema.NonEmptyString,
  schema: Schema.NonEmptyString.pipe(Schema.withDecodingDefaultKey(Effect.succeed("public"))),
  key: Schema.optionalKey(Schema.NonEmptyArray(Schema.NonEmptyString)),
  exclude: Names,
  transform: Schema.optionalKey(Data.Transform),
  existing: Schema.Literals(["update", "keep"]).pipe(Schema.withDecodingDefaultKey(Effect.succeed("update" as const))),
  initial: Names
})

const input = {
  directory: Schema.NonEmptyString,
  tables: Schema.NonEmptyArray(Schema.Union([Schema.NonEmptyString, Table]))
}

type Input = Schema.Struct.Type<typeof input>

const wantedOf = ({ directory, tables }: Input) => ({ directory, tables: tables.map(tableOf) })

const tableOf = (given: Input["tables"][number]): ImportTable => {
  if (typeof given === "string") {
    return { schema: "public", name: given, exclude: [], existing: "update", initial: [] }
  }
  const { table, ...rest } = given
  return { ...rest, name: table }
}

/**
 * The rows of files are in their tables. Files are those of an {@link exportData}, or written by hand: `public.users.jsonl`
 * with a JSON object on each line, or `public.users.copy` in the text format of COPY.
 *
 * Tables are filled in the order of their foreign keys, whatever the order that they are given in. Tables that refer to
 * each other are filled together: where a constraint is deferrable it is checked at the end, where a column is nullable
 * it is filled once the other table is; else the import is refused, and names the cycle. A table may refer to itself.
 *
 * A row is known again by its key. A row that is missing is added, one that has other values gets those of the file, and
 * rows that the file does not have stay. Each table is committed by itself: an import that broke off goes on with the
 * table that it was at. Sequences of the columns are set beyond the largest value. With the manifest of an export, the
 * rows and the SHA-256 of each file are compared before anything of it is committed, and an unchanged table is
 * known by its count and checksum, without reading the file.
 *
 * - `directory`: a folder on the deployment's target.
 * - `tables`: names, or
 *   - `table`, `schema` (default `public`);
 *   - `key`: the columns of a unique constraint, such as `["email"]`. The default is the primary key.
 *   - `exclude`: columns of the file that are not written.
 *   - `transform`: changes each row before it is written, see {@link Data.transform}.
 *   - `existing`: `update` (the default), or `keep`, which leaves rows alone that are there.
 *   - `initial`: columns that are written with new rows alone, such as a password: what becomes of them later is the
 *     application's.
 *
 * @example
 * ```ts
 * import { Data, Postgres } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 *
 * const masterData = Postgres.importData("master-data", {
 *   directory: "/srv/viaticos/master-data",
 *   tables: [
 *     { table: "currencies", key: ["code"] },
 *     { table: "countries", key: ["code"] },
 *     { table: "users", key: ["email"], initial: ["hashed_password"],
 *       transform: Data.transform("1", (row) => ({ ...row, hashed_password: "!" })) }
 *   ]
 * })
 * assert.equal(masterData.type, "postgres.importData")
 * ```
 *
 * @since 0.1.0
 */
export const importData = Step.make("postgres.importData", {
  description: "The rows of files are in their tables",
  risk: "reversible",
  input,
  output: { rows: Schema.Record(Schema.String, Schema.Int) },
  observes: ({ directory }) => [`file:${directory}`, schemaResource],
  touches: () => [rowsResource],
  alters: "data",
  check: (given) =>
    whenReached(
      Effect.gen(function* () {
        const found = yield* (yield* DataProbe).compare(wantedOf(given))
        if ("lacks" in found) {
          return Check.unavailable(
            [found.lacks === "schema" ? schemaResource : `file:${given.directory}`],
            found.reason,
            found.lacks === "schema"
              ? "create it in a step before this one, or correct the name in `tables` or in the file"
              : "let a step before this one write the file, or correct `directory` and `tables`"
          )
        }
        const open = found.filter(({ changed, missing }) => missing !== 0 || changed > 0)
        if (open.length === 0) {
          return Check.satisfied({ rows: Object.fromEntries(found.map(({ rows = 0, table }) => [table, rows])) })
        }
        const changes = open.some(({ changed }) => changed > 0)
        return Check.needed(open.map(changeOf), changes ? {} : { risk: "additive" })
      })
    ),
  apply: Effect.fn("postgres.importData.apply")(function* (given) {
    yield* (yield* DataControl).importData(wantedOf(given))
  })
})

const changeOf = ({ changed, missing, rows, table }: Difference) => ({
  summary: `import ${table}`,
  before: [
    missing === undefined || missing === rows
      ? "no row of the file"
      : missing === 1
        ? "1 row is missing"
        : `${missing} rows are missing`,
    ...(changed === 0 ? [] : [`${changed} ${changed === 1 ? "has" : "have"} other values`])
  ].join(", "),
  ...(rows === undefined ? {} : { after: `${rows} rows` })
})
