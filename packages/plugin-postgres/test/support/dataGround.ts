/** Databases with tables that refer to each other, and folders for their rows. */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { type Step, Target } from "@shipshape/core"
import { Postgres, type PostgresControl, type PostgresData, type PostgresProbe } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { afterAll } from "vitest"
import type { Database, Options } from "./database.ts"

export type Services =
  | PostgresProbe.PostgresProbe
  | PostgresControl.PostgresControl
  | PostgresData.DataProbe
  | PostgresData.DataControl

/** Master data as an expenses application has it, and values that break a careless format. */
export const schema = `
CREATE TYPE status AS ENUM ('active', 'left');
CREATE TABLE users (id bigserial PRIMARY KEY, email text NOT NULL UNIQUE, hashed_password text NOT NULL DEFAULT '!',
  status status NOT NULL DEFAULT 'active', manager_id bigint REFERENCES users);
CREATE TABLE suppliers (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE, country_id int NOT NULL,
  category_id int, owner_id bigint REFERENCES users, facts jsonb, raw json, tags text[], limits numeric(30, 3),
  made timestamptz, photo bytea, big bigint, ratio float8, label text GENERATED ALWAYS AS (upper(name)) STORED);
CREATE TABLE categories (id serial PRIMARY KEY, name text NOT NULL UNIQUE);
CREATE TABLE countries (id serial PRIMARY KEY, code char(2) NOT NULL UNIQUE, currency_id int NOT NULL);
CREATE TABLE currencies (id serial PRIMARY KEY, code char(3) NOT NULL UNIQUE, name text);
ALTER TABLE countries ADD FOREIGN KEY (currency_id) REFERENCES currencies;
ALTER TABLE suppliers ADD FOREIGN KEY (country_id) REFERENCES countries;
ALTER TABLE suppliers ADD FOREIGN KEY (category_id) REFERENCES categories;`

export const rows = `
INSERT INTO currencies (code, name) VALUES ('EUR', E'Euro €\\n\\ttwo'), ('USD', E'back\\\\slash "quoted"'), ('XXX', NULL);
INSERT INTO countries (code, currency_id) VALUES ('DE', 1), ('US', 2);
INSERT INTO categories (name) VALUES ('Hotel'), ('\\N'), ('');
INSERT INTO users (email, hashed_password, manager_id) VALUES ('a@x', 'secret-a', NULL), ('b@x', 'secret-b', 1), ('c@x', 'secret-c', 2);
UPDATE users SET manager_id = 3 WHERE id = 1;
INSERT INTO suppliers (name, country_id, category_id, owner_id, facts, raw, tags, limits, made, photo, big, ratio) VALUES
  ('One', 1, 1, 3, '{"a": [1.50, 12345678901234567890], "n": null}', E'{"b":\\n 1.0}', '{a,NULL,"c d","e\\"f\\\\\\\\g",""}', 12345678901234567890.120,
   '2024-02-29 12:00:00.123456+02', '\\x00ff0a', 9223372036854775807, 'NaN'),
  ('Two', 2, NULL, NULL, NULL, NULL, '{}', NULL, 'infinity', NULL, -1, 0.1);`

export const tables = ["suppliers", "users", "categories", "countries", "currencies"] as const

const root = fs.mkdtempSync(path.join(os.tmpdir(), "shipshape-data-"))

afterAll(() => fs.rmSync(root, { recursive: true, force: true }))

/** A folder that is not there yet. */
export const folder = (): string => path.join(fs.mkdtempSync(path.join(root, "d-")), "data")

/** A folder with these files. */
export const folderWith = (files: Readonly<Record<string, string | Uint8Array>>): string => {
  const directory = folder()
  fs.mkdirSync(directory)
  for (const [name, content] of Object.entries(files)) fs.writeFileSync(path.join(directory, name), content)
  return directory
}

/** One object on each line. */
export const lines = (...objects: ReadonlyArray<unknown>): string =>
  objects.map((object) => `${JSON.stringify(object)}\n`).join("")

export const read = (directory: string, file: string): string => fs.readFileSync(path.join(directory, file), "utf8")

/** Writes over a file. */
export const edit = (directory: string, file: string, change: (text: string) => string): void =>
  fs.writeFileSync(path.join(directory, file), change(read(directory, file)))

/** A database of its own with the tables, and what is in them. */
export const make = (database: Database, ...statements: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { createDatabase, password, port, sql, user } = database.embedded()
    const name = yield* Effect.promise(createDatabase)
    for (const statement of statements) yield* Effect.promise(() => sql(name, statement))
    const layer = (options: Options = {}) =>
      Layer.provide(
        Result.getOrThrow(
          Postgres.server({ port, user, password: Redacted.make(password), database: name, ...options }).layer(
            new Map()
          )
        ),
        Target.local()
      )
    const run = <A, E>(effect: Effect.Effect<A, E, Services>, options?: Options) =>
      Effect.provide(effect, layer(options))
    const prepare = <A, E, CR, AR>(step: Step.Step<A, E, CR, AR, string>) => Effect.fromResult(step.prepare(new Map()))
    return {
      name,
      /** Runs SQL, and answers its rows. */
      sql: (text: string): Effect.Effect<ReadonlyArray<Record<string, unknown>>> =>
        Effect.map(
          Effect.promise(() => sql(name, text)),
          (result) => result.rows
        ),
      check: <A, E>(step: Step.Step<A, E, Services, Services, string>, options?: Options) =>
        run(
          Effect.flatMap(prepare(step), (prepared) => prepared.check),
          options
        ),
      apply: <A, E>(step: Step.Step<A, E, Services, Services, string>, options?: Options) =>
        run(
          Effect.flatMap(prepare(step), (prepared) => prepared.apply),
          options
        )
    }
  })
