/**
 * What Django 3.2 (and, of `db_default`, 5.2) prints with `sqlmigrate` for PostgreSQL, each as it is: between BEGIN and
 * COMMIT, and without them where the migration says `atomic = False`.
 */
import * as fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Lint } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"

/** What is found, notices aside: its line, its severity, its rule. */
const expected: Readonly<Record<string, ReadonlyArray<string>>> = {
  // Tables that are new, with unique constraints, foreign keys, a many-to-many table and indexes.
  auth_initial: [],
  initial: [],
  run_python: [],
  // The default stays in the database; the table is new.
  db_default: [],
  add_field: ["6 error dropped-default"],
  add_foreign_key: ["5 warning adding-foreign-key-constraint", "6 error require-concurrent-index-creation"],
  add_constraints: ["5 error disallowed-unique-constraint", "9 error constraint-missing-not-valid"],
  add_index: ["5 error require-concurrent-index-creation"],
  // What the column is before is not in the file: it is longer now, or shorter.
  alter_field_longer: ["5 warning changing-column-type"],
  alter_field_not_null: [
    "6 error backfill-in-ddl-transaction",
    "7 error adding-not-nullable-field",
    "8 error dropped-default"
  ],
  rename_field: ["5 error renaming-column"],
  rename_model: ["5 error renaming-table"],
  remove_field: ["5 error ban-drop-column", "5 error drop-cascade", "9 error require-concurrent-index-deletion"],
  // atomic = False.
  add_index_concurrently: [],
  remove_index_concurrently: [],
  run_sql_enum: [],
  // Not so.
  run_sql_concurrently: ["5 error ban-concurrent-index-creation-in-transaction"],
  run_sql_enum_used: ["6 error enum-label-used-in-transaction"]
}

const folder = new URL("./django/", import.meta.url)
const read = (name: string) => fs.readFileSync(new URL(`${name}.sql`, folder), "utf8")

const find = (text: string, options?: Lint.Options) =>
  Effect.map(Lint.lint([{ file: "0002.sql", text }], options), (findings) =>
    findings
      .filter(({ severity }) => severity !== "notice")
      .map(({ line, rule, severity }) => `${line} ${severity} ${rule}`)
  )

describe("what sqlmigrate prints", () => {
  it("is all here", () => {
    const files = fs.readdirSync(folder).map((file) => file.replace(".sql", ""))
    assert.deepStrictEqual(files.sort(), Object.keys(expected).sort())
  })

  for (const [name, findings] of Object.entries(expected)) {
    it.effect(name, () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* find(read(name)), findings)
      })
    )
  }

  it.effect("is one transaction or none by its BEGIN and COMMIT, or as the caller says", () =>
    Effect.gen(function* () {
      const [used, concurrently] = [read("run_sql_enum_used"), read("add_index_concurrently")]
      const loose = used.replaceAll(/^(?:BEGIN|COMMIT);$/gm, "")
      assert.notInclude((yield* find(loose)).join(), "enum-label-used-in-transaction")
      const rule = "4 error ban-concurrent-index-creation-in-transaction"
      assert.deepStrictEqual(yield* find(concurrently, { inTransaction: true }), [rule])
    })
  )
})
