/** The schema of Django's models against a database that it has migrated, and that somebody has changed by hand. */
import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Target } from "@shipshape/core"
import { Django } from "@shipshape/plugin-django"
import { Postgres } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { afterAll, beforeAll } from "vitest"
import { type Embedded, start } from "../../plugin-postgres/test/support/embedded.ts"
import { localLibrary, python } from "./support/localLibrary.ts"

const settings = `
from library.settings import *
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": os.environ["LIBRARY_DATABASE"], "USER": os.environ["DB_USER"],
    "PASSWORD": os.environ["DB_PASSWORD"], "HOST": "127.0.0.1", "PORT": os.environ["DB_PORT"]}}
`

describe.skipIf(python === undefined)("the schema of the models", () => {
  let server: Embedded
  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server?.stop())

  it.live("is held against the database, and made of it", () =>
    Effect.gen(function* () {
      const database = yield* Effect.promise(server.createDatabase)
      const env = {
        DJANGO_SETTINGS_MODULE: "library.postgres",
        LIBRARY_SECRET: "for tests only",
        LIBRARY_DATABASE: database,
        DB_USER: server.user,
        DB_PASSWORD: server.password,
        DB_PORT: String(server.port)
      }
      const library = yield* localLibrary(env)
      fs.writeFileSync(path.join(library.directory, "library/postgres.py"), settings)
      library.manage("migrate", "--noinput")
      const plugin = Postgres.server({
        port: server.port,
        user: server.user,
        password: Redacted.make(server.password),
        database
      })
      const layer = Layer.provide(Result.getOrThrow(plugin.layer(new Map())), Target.local())
      const expected = Django.models({ python: [python ?? "python3"], directory: library.directory, env })
      const prepared = (mode: "verify" | "converge") =>
        Effect.fromResult(Postgres.compare("models", { expected, mode }).prepare(new Map()))
      const check = Effect.provide(
        Effect.flatMap(prepared("verify"), ({ check }) => check),
        layer
      )
      const apply = (mode: "verify" | "converge") =>
        Effect.provide(
          Effect.flatMap(prepared(mode), ({ apply }) => apply),
          layer
        )
      const run = (sql: string) => Effect.promise(() => server.sql(database, sql))
      expect(yield* check).toMatchObject({ _tag: "Satisfied" })

      // A database of another time: without a column, and without a key.
      yield* run("INSERT INTO books_shelf (name) VALUES ('history')")
      yield* run("INSERT INTO books_book (title, shelf_id, pages) SELECT 'Histories', id, 1 FROM books_shelf")
      yield* run("ALTER TABLE books_book DROP COLUMN pages")
      yield* run("ALTER TABLE books_shelf DROP CONSTRAINT books_shelf_name_key")
      const drifted = yield* Effect.flip(apply("verify"))
      expect(drifted).toMatchObject({ code: "postgres.schema-drifted" })
      expect(JSON.stringify(drifted)).toContain("books_shelf_name_key")
      // Django gives a new column's rows their value by itself, and leaves no default behind.
      const refused = yield* Effect.flip(apply("converge"))
      expect(refused).toMatchObject({
        code: "postgres.schema-change-refused",
        objects: ["public.books_book.pages"],
        message: expect.stringContaining("the table has rows")
      })
      yield* run("DELETE FROM books_book")
      yield* apply("converge")
      expect(yield* check).toMatchObject({ _tag: "Satisfied" })
      const { rows } = yield* run("SELECT datname FROM pg_database WHERE datname LIKE 'shipshape%'")
      expect(rows).toEqual([])
    })
  )
})
