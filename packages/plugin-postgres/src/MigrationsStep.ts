import { Attempt, Check, Step, Undo } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { checksumOf } from "./internal/migrations/progress.ts"
import { downOf, filesOf } from "./internal/migrations/source.ts"
import { strongest } from "./internal/sql/effect.ts"
import { rowsResource, schemaResource, whenReached } from "./internal/whenReached.ts"
import { UndoRefused } from "./PostgresError.ts"
import {
  MigrationControl,
  type MigrationFile,
  MigrationProbe,
  type Migrations,
  type PendingMigration
} from "./PostgresMigrations.ts"
import type { Unit } from "./Sql.ts"

const input = {
  folder: Schema.optionalKey(Schema.NonEmptyString),
  files: Schema.optionalKey(Schema.NonEmptyArray(Schema.NonEmptyString)),
  schema: Schema.NonEmptyString.pipe(Schema.withDecodingDefaultKey(Effect.succeed("public"))),
  ledger: Schema.NonEmptyString.pipe(Schema.withDecodingDefaultKey(Effect.succeed("shipshape_migrations"))),
  baseline: Schema.optionalKey(Schema.NonEmptyString)
}

type Input = Schema.Struct.Type<typeof input>

const wantedOf = ({ baseline, ledger, schema, ...source }: Input) =>
  Effect.map(filesOf(source), (files): Migrations => ({ files, ledger: { schema, name: ledger }, baseline }))

const look = Effect.fnUntraced(function* (given: Input) {
  const wanted = yield* wantedOf(given)
  return { wanted, state: yield* (yield* MigrationProbe).look(wanted) }
})

/**
 * Files of SQL have been run, once each, in their order.
 *
 * A ledger in the database says which were run, with checksum, time and run. Statements are cut by PostgreSQL's own grammar
 * into what can be committed together: labels of enums, `CONCURRENTLY`, `VACUUM` and the like by themselves, a
 * constraint validated after the transaction that adds it; `BEGIN … COMMIT` of a file stays as it is. Each unit is
 * written down together with its commit, so that a run that fails or is killed is gone on with by the next one, at the
 * unit where it was. An interrupted `CREATE INDEX CONCURRENTLY` is cleared away and built again.
 *
 * The plan shows each unit with its strongest lock, and is destructive where a statement loses data. A file that was edited
 * after it was run is refused, as is one that sorts before another that was run, one that was run and is no longer there while
 * later ones are, and what only psql understands; nothing is changed then. Files that were run after all that are there are
 * those of a later release, and no obstacle. `shipshape sql plan FILE --against URL --dry-run` tries a file on a copy of the
 * schema.
 *
 * - `folder`: all its files that end in `.sql`, in the order of their names, where numbers count as numbers. Or `files`, in
 *   the order in which they are listed. On the deployment's target.
 * - `schema` (default `public`) and `ledger` (default `shipshape_migrations`): where the ledger is.
 * - `baseline`: the last file that a database has already which was not made by this step. Where the ledger is empty and
 *   the database is not, files up to this one are written down as taken over, and are not run.
 *
 * To undo, a file `0001.down.sql` beside `0001.sql` is run; where there is none, undoing is refused.
 *
 * @example
 * ```ts
 * import { Postgres } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 *
 * const schema = Postgres.migrations("schema", { folder: "migrations", baseline: "0042_import.sql" })
 * assert.equal(schema.type, "postgres.migrations")
 * ```
 *
 * @since 0.1.0
 */
export const migrations = Undo.of(
  Step.make("postgres.migrations", {
    description: "Files of SQL have been run, once each, in their order",
    risk: "reversible",
    input,
    output: { applied: Schema.Int },
    provides: () => [schemaResource],
    observes: ({ folder }) => [...(folder === undefined ? [] : [`file:${folder}` as const]), schemaResource],
    touches: () => [rowsResource],
    alters: "data",
    check: (given) =>
      whenReached(
        Effect.gen(function* () {
          const { state, wanted } = yield* look(given)
          const { applied, baseline, pending } = state
          if (pending.length === 0 && baseline.length === 0) return Check.satisfied({ applied: applied.length })
          const changes = [
            ...baseline.map((name) => ({ summary: `${name} is taken over`, after: "not run" })),
            ...pending.flatMap((one) => changesOf(one, wanted.files))
          ]
          const loses = pending.some(({ done, units }) => units.slice(done).some(losesData))
          return Check.needed(changes, loses ? { risk: "destructive" } : {})
        })
      ),
    apply: Effect.fn("postgres.migrations.apply")(function* (given) {
      const wanted = yield* wantedOf(given)
      const attempt = yield* Attempt.Current
      const run = attempt === undefined ? "no run" : `${attempt.deployment}/${attempt.environment} run ${attempt.run}`
      yield* (yield* MigrationControl).migrate(wanted, run)
    })
  }),
  {
    captured: Schema.Struct({
      applied: Schema.Array(Schema.String),
      /** Units that are committed, of files that are not applied as a whole. */
      partial: Schema.Record(Schema.String, Schema.Number)
    }),
    capture: Effect.fn("postgres.migrations.capture")(function* (given) {
      const { state } = yield* look(given)
      const begun = state.pending.filter(({ done }) => done > 0)
      return {
        // What is taken over stays so: it was there before.
        applied: [...state.baseline, ...state.applied].toSorted(),
        partial: Object.fromEntries(begun.map(({ done, name }) => [name, done]))
      }
    }),
    restore: Effect.fn("postgres.migrations.restore")(function* (before, given) {
      const { state, wanted } = yield* look(given)
      const half = state.pending.find(({ done, name }) => done !== (before.partial[name] ?? 0))
      if (half !== undefined)
        return yield* stays(half.name, "it was run in part, and what takes it back is for all of it")
      const since = state.applied.filter((name) => !before.applied.includes(name)).toReversed()
      const downs: Array<{ readonly name: string; readonly down: MigrationFile }> = []
      for (const name of since) {
        if (before.partial[name] !== undefined) return yield* stays(name, "a part of it was there before")
        const down = yield* downOf(given, name)
        if (down === undefined)
          return yield* stays(name, `there is no ${name.replace(/(\.up)?\.sql$/i, ".down.sql")} beside it`)
        downs.push({ name, down })
      }
      const control = yield* MigrationControl
      for (const { down, name } of downs) yield* control.takeBack(wanted.ledger, name, down)
    })
  }
)

const stays = (file: string, why: string): UndoRefused =>
  new UndoRefused({
    what: `migration ${file}`,
    message: `${file} is not taken back: ${why}`,
    hint: "write a new file that changes what is to be changed, or go back to a backup"
  })

const losesData = ({ statements }: Unit): boolean => statements.some(({ dataLoss }) => dataLoss === true)

/** What a plan says of a file: each unit with what it costs. */
const changesOf = ({ done, name, units }: PendingMigration, files: ReadonlyArray<MigrationFile>) => {
  const checksum = checksumOf(files.find((file) => file.name === name)?.text ?? "").slice(0, 8)
  const left = units.slice(done)
  if (left.length === 0) return [{ summary: `run ${name}`, after: `no statements, ${checksum}` }]
  return left.map((unit, i) => ({
    summary: `run ${name}${units.length === 1 ? "" : `, unit ${done + i + 1} of ${units.length}`}`,
    after: `${costOf(unit)}${i === 0 ? `, ${checksum}` : ""}`
  }))
}

const costOf = ({ statements, transaction }: Unit): string => {
  const lock = strongest(statements.map((statement) => statement.lock))
  const [first] = statements
  const text = first === undefined ? "" : first.sql.replace(/\s+/g, " ")
  const alone = text.length > 60 ? `${text.slice(0, 60).trimEnd()} …` : text
  return [
    transaction && statements.length > 1 ? `${statements.length} statements in a transaction` : alone,
    ...(lock === undefined ? [] : [`${lock} lock`]),
    ...(statements.some(({ rewrite }) => rewrite === true) ? ["rewrites a table"] : []),
    ...(statements.some(({ dataLoss }) => dataLoss === true) ? ["loses data"] : [])
  ].join(", ")
}
