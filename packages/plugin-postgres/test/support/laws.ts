/** The scenarios in which every step keeps the laws: on the database in memory and on real ones alike. */
import { assert } from "@effect/vitest"
import { Laws } from "@shipshape/core/testing"
import { Postgres, type PostgresControl, type PostgresProbe } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"

export type Services = PostgresProbe.PostgresProbe | PostgresControl.PostgresControl

/** A database that a test prepares, looks at and damages beside what is tested. */
export interface Ground {
  readonly layer: Layer.Layer<Services, unknown>
  readonly see: Effect.Effect<unknown>
  readonly createExtension: (name: string, version?: string) => Effect.Effect<void>
  readonly dropExtension: (name: string) => Effect.Effect<void>
  readonly createEnum: (name: string, labels: ReadonlyArray<string>) => Effect.Effect<void>
  readonly dropEnum: (name: string) => Effect.Effect<void>
  readonly labels: (name: string) => Effect.Effect<ReadonlyArray<string> | undefined>
  readonly createTable: (name: string) => Effect.Effect<void>
  /** Adds a row to a table that `createTable` has made; with a value in a column of text, or nothing but the defaults. */
  readonly insertRow: (table: string, column?: string) => Effect.Effect<void>
  readonly dropColumn: (table: string, column: string) => Effect.Effect<void>
  readonly dropConstraint: (table: string, name: string) => Effect.Effect<void>
  readonly dropIndex: (table: string, name: string) => Effect.Effect<void>
  /** Leaves an index as a concurrent build that was interrupted does. */
  readonly spoilIndex: (table: string, name: string) => Effect.Effect<void>
  readonly emptyTable: (name: string) => Effect.Effect<void>
}

/** Names that break a statement unless they are quoted, and labels that break it unless they are escaped. */
export const nasty = { name: `we"ird\n'na me; --`, label: `o'ne\\ "two"\n; --` } as const

export const insert = "INSERT INTO public.settings (name) VALUES ($1) ON CONFLICT DO NOTHING"
export const inserted = "SELECT EXISTS (SELECT FROM public.settings WHERE name = $1)"

/** Each scenario gets a database of its own. */
export const scenarios: ReadonlyArray<{
  readonly name: string
  readonly run: (ground: Ground) => Effect.Effect<void, unknown, Services>
}> = [
  {
    name: "an extension",
    run: (ground) =>
      Laws.check({
        step: Postgres.extension("x", { name: "pg_trgm" }),
        see: ground.see,
        damage: ground.dropExtension("pg_trgm")
      })
  },
  {
    name: "an enum that is missing",
    run: (ground) =>
      Laws.check({
        step: Postgres.enum("x", { name: nasty.name, labels: ["a", nasty.label, "c"] }),
        see: ground.see,
        damage: ground.dropEnum(nasty.name)
      })
  },
  {
    name: "an enum that lacks labels at its start, between and at its end",
    run: (ground) =>
      Effect.gen(function* () {
        yield* ground.createEnum("status", ["b", "d"])
        const labels = ["a0", "a", "b", nasty.label, "c", "d", "e", "f"]
        yield* Laws.check({ step: Postgres.enum("x", { name: "status", labels }), see: ground.see })
        assert.deepStrictEqual(yield* ground.labels("status"), labels)
      })
  },
  {
    name: "a column",
    run: (ground) =>
      Effect.gen(function* () {
        yield* ground.createTable(nasty.name)
        const column = { table: nasty.name, name: `c"ol`, type: "varchar(200)" }
        yield* Laws.check({
          step: Postgres.column("x", column),
          see: ground.see,
          damage: ground.dropColumn(nasty.name, column.name)
        })
      })
  },
  {
    name: "an enum, and a column of it",
    run: (ground) =>
      Effect.gen(function* () {
        yield* ground.createTable("documents")
        yield* Laws.check({ step: Postgres.enum("x", { name: "status", labels: ["draft"] }), see: ground.see })
        yield* Laws.check({
          step: Postgres.column("x", {
            table: "documents",
            name: "status",
            type: "status",
            nullable: false,
            default: "'draft'"
          }),
          see: ground.see,
          damage: ground.dropColumn("documents", "status")
        })
      })
  },
  {
    name: "an SQL statement",
    run: (ground) =>
      Effect.gen(function* () {
        yield* ground.createTable("settings")
        yield* Laws.check({
          step: Postgres.sql("x", { apply: insert, params: [nasty.label], done: inserted, doneParams: [nasty.label] }),
          see: ground.see,
          damage: ground.emptyTable("settings")
        })
      })
  }
]
