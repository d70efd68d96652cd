import { Check, Step } from "@shipshape/core"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Data from "./Data.ts"
import { counted } from "./internal/counted.ts"
import { whenReached } from "./internal/whenReached.ts"
import { DataControl, DataProbe, type ExportTable } from "./PostgresData.ts"

const Names = Schema.Array(Schema.NonEmptyString).pipe(Schema.withDecodingDefaultKey(Effect.succeed([])))

const Table = Schema.Struct({
  table: Schema.NonEmptyString,
  schema: Schema.NonEmptyString.pipe(Schema.withDecodingDefaultKey(Effect.succeed("public"))),
  exclude: Names,
  keep: Names,
  transform: Schema.optionalKey(Data.Transform)
})

const input = {
  directory: Schema.NonEmptyString,
  tables: Schema.NonEmptyArray(Schema.Union([Schema.NonEmptyString, Table])),
  format: Schema.Literals(["jsonl", "copy"]).pipe(Schema.withDecodingDefaultKey(Effect.succeed("jsonl" as const))),
  maxAge: Schema.DurationFromString.pipe(Schema.withDecodingDefaultKey(Effect.succeed("24 hours")))
}

type Input = Schema.Struct.Type<typeof input>

const wantedOf = ({ directory, format, tables }: Input) => ({ directory, format, tables: tables.map(tableOf) })

const tableOf = (given: Input["tables"][number]): ExportTable => {
  if (typeof given === "string") return { schema: "public", name: given, exclude: [], keep: [] }
  const { table, ...rest } = given
  return { ...rest, name: table }
}

/**
 * A folder holds the rows of tables, as files that {@link importData} reads: those of one moment in all tables, whatever is
 * written meanwhile. A `manifest.json` says of each file its columns, rows and SHA-256, and a checksum of what the server
 * has.
 *
 * - `directory`: a folder on the deployment's target, made for its owner alone when it is missing. It gets its files
 *   once all are written; an old export stays until then.
 * - `tables`: names, or
 *   - `table`, `schema` (default `public`);
 *   - `exclude`: columns that are not written;
 *   - `transform`: changes each row before it is written, see {@link Data.transform}; with the format `jsonl` alone.
 *   - `keep`: columns that look like secrets (`password`, `api_key`, `token` …) and are written all the same. One that is
 *     neither excluded, nor changed by a transform, nor kept, is refused.
 * - `format`: `jsonl` (the default), or `copy`, which is faster.
 * - `maxAge`: default `24 hours`. An older export is made anew.
 *
 * @example
 * ```ts
 * import { Postgres } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 *
 * const masterData = Postgres.exportData("master-data", {
 *   directory: "/srv/viaticos/master-data",
 *   tables: ["currencies", "countries", { table: "users", exclude: ["hashed_password"] }]
 * })
 * assert.equal(masterData.type, "postgres.exportData")
 * ```
 *
 * @since 0.1.0
 */
export const exportData = Step.make("postgres.exportData", {
  description: "A folder holds the rows of tables",
  risk: "additive",
  input,
  output: { takenAt: Schema.Int, rows: Schema.Record(Schema.String, Schema.Int) },
  provides: ({ directory }) => [`file:${directory}`],
  observes: ({ directory }) => [`file:${directory}`],
  alters: "none",
  check: (given) =>
    whenReached(
      Effect.gen(function* () {
        const [found, now] = yield* Effect.all([
          Effect.flatMap(DataProbe, (probe) => probe.exported(wantedOf(given))),
          Clock.currentTimeMillis
        ])
        if (found !== undefined && now - found.takenAt < Duration.toMillis(given.maxAge)) return Check.satisfied(found)
        return Check.needed([
          {
            summary: `export ${counted(given.tables.length, "table")} to ${given.directory}`,
            ...(found === undefined ? {} : { before: `export of ${new Date(found.takenAt).toISOString()}` })
          }
        ])
      })
    ),
  apply: Effect.fn("postgres.exportData.apply")(function* (given) {
    yield* (yield* DataControl).exportData(wantedOf(given))
  })
})
