import { assert, describe, it } from "@effect/vitest"
import { DjangoWorld } from "@shipshape/plugin-django/testing"
import * as Effect from "effect/Effect"
import { type LocalLibrary, localLibrary, python } from "./support/localLibrary.ts"
import { type Ground, handle, noteOf, releases, reported, summaries } from "./support/releases.ts"

const initial = ["0001_initial", "0002_book_pages"]

/** The library in memory. */
const makeWorld = () =>
  DjangoWorld.make({
    migrations: { auth: ["0001_initial"], books: initial },
    irreversible: { "books.0004_names": ["RunPython forwards"] },
    additions: { "books.0003_isbn": ["Add field isbn to book"] }
  })

const fakeGround = (world: DjangoWorld.DjangoWorld): Ground => {
  const code = (...more: ReadonlyArray<string>) =>
    Effect.sync(() => void world.migrations.set("books", [...initial, ...more]))
  return {
    addReversible: code("0003_isbn"),
    addIrreversible: code("0003_isbn", "0004_names"),
    oldCode: code(),
    applied: Effect.sync(() =>
      [...world.applied].filter((name) => name.startsWith("books.")).map((name) => name.slice("books.".length))
    )
  }
}

describe("releases, in memory", () => {
  for (const [name, scenario] of Object.entries(releases)) {
    it.effect(name, () => {
      const world = makeWorld()
      return Effect.provide(scenario(fakeGround(world)), world.layer)
    })
  }

  it.effect("need the newer code to run, and know it from the code that is present", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const ground = fakeGround(world)
      yield* Effect.gen(function* () {
        const migrate = yield* handle
        yield* migrate.apply
        const first = yield* migrate.record
        yield* ground.addReversible
        yield* migrate.apply
        // As in a rollback: the image is the old one already, and the application still runs the new one.
        let runs: ReadonlyArray<string> | undefined = [...initial, "0003_isbn"]
        world.code = (where) =>
          where === "present" ? { books: initial } : runs === undefined ? undefined : { books: runs }
        const back = yield* migrate.back(first, true)
        const keeps = yield* migrate.back(first, false)
        assert.strictEqual((yield* back.check)._tag, "Needed")
        runs = undefined
        assert.include(
          noteOf(yield* keeps.check),
          "books.0003_isbn is kept; --schema cannot go back now: only code that has books.0003_isbn can reverse it"
        )
        const refused = yield* reported(back.check)
        assert.strictEqual(refused.code, "django.reversal-unavailable")
        assert.include(refused.message, "the application does not run")
        assert.strictEqual((yield* reported(back.apply)).code, "django.reversal-unavailable")
        runs = [...initial, "0003_isbn"]
        yield* back.apply
        assert.strictEqual(noteOf(yield* back.check), undefined)
        assert.deepStrictEqual(world.writes.slice(-1), ["unapply books.0003_isbn"])
      }).pipe(Effect.provide(world.layer))
    })
  )
})

const migration = (
  after: ReadonlyArray<string>,
  operations: string,
  more = ""
) => `from django.db import migrations, models

def forwards(apps, schema_editor):
    pass

class Migration(migrations.Migration):
    dependencies = [${after.map((name) => `("books", "${name}")`).join(", ")}]
    operations = [${operations}]
    ${more}
`

const isbn = `migrations.AddField("book", "isbn", models.CharField(max_length=20, default=""))`

const localGround = (library: LocalLibrary): Ground => {
  const write = (name: string, after: string, operations: string) =>
    Effect.sync(() => library.write(`books/migrations/${name}.py`, migration([after], operations)))
  return {
    addReversible: write("0003_isbn", "0002_book_pages", isbn),
    addIrreversible: write("0004_names", "0003_isbn", "migrations.RunPython(forwards)"),
    oldCode: Effect.sync(() =>
      library.script(`import glob, os; [os.remove(f) for f in glob.glob("books/migrations/000[34]*.py")]`)
    ),
    applied: Effect.sync(() =>
      library
        .script(
          `import sqlite3; print("\\n".join(r[0] for r in sqlite3.connect("library.sqlite3").execute("SELECT name FROM django_migrations WHERE app = 'books' ORDER BY id")))`
        )
        .split("\n")
        .filter((line) => line !== "")
    )
  }
}

const onLibrary = <A, E>(
  test: (
    library: LocalLibrary,
    ground: Ground
  ) => Effect.Effect<A, E, Effect.Services<ReturnType<(typeof releases)[string]>>>
) =>
  Effect.gen(function* () {
    const library = yield* localLibrary()
    yield* Effect.provide(test(library, localGround(library)), library.layer)
  }).pipe(Effect.scoped)

describe.skipIf(python === undefined)("releases, of a Django on this machine", () => {
  for (const [name, scenario] of Object.entries(releases)) {
    it.live(name, () => onLibrary((_, ground) => scenario(ground)))
  }

  it.live("take a column away, and the table's rows stay", () =>
    onLibrary((library, ground) =>
      Effect.gen(function* () {
        const migrate = yield* handle
        yield* migrate.apply
        const first = yield* migrate.record
        yield* ground.addReversible
        yield* migrate.apply
        const sql = (statement: string) =>
          library.script(
            `import sqlite3; c = sqlite3.connect("library.sqlite3"); print(c.execute("""${statement}""").fetchall()); c.commit()`
          )
        sql("INSERT INTO books_shelf (name) VALUES ('poetry')")
        sql("INSERT INTO books_book (title, shelf_id, pages, isbn) VALUES ('Faust', 1, 200, '3-16')")
        const back = yield* migrate.back(first, true)
        yield* back.apply
        assert.strictEqual(sql("SELECT title, pages FROM books_book").trim(), "[('Faust', 200)]")
        assert.notInclude(sql("SELECT sql FROM sqlite_master WHERE name = 'books_book'"), "isbn")
      })
    )
  )

  it.live("are not taken for older because several migrations were made into one", () =>
    onLibrary((library, ground) =>
      Effect.gen(function* () {
        const migrate = yield* handle
        yield* migrate.apply
        const first = yield* migrate.record
        library.write(
          "books/migrations/0001_squashed_0002.py",
          migration([], "", `replaces = [("books", "0001_initial"), ("books", "0002_book_pages")]`)
        )
        yield* migrate.apply
        assert.include(yield* ground.applied, "0001_squashed_0002")
        const back = yield* migrate.back(first, true)
        assert.strictEqual(noteOf(yield* back.check), undefined)
        yield* back.apply
        assert.includeMembers([...(yield* ground.applied)], initial)
        // What stands for more than that release has cannot be taken apart.
        yield* ground.addReversible
        library.write(
          "books/migrations/0001_squashed_0002.py",
          migration(
            [],
            "",
            `replaces = [("books", "0001_initial"), ("books", "0002_book_pages"), ("books", "0003_isbn")]`
          )
        )
        yield* migrate.apply
        const before = yield* ground.applied
        const refused = yield* reported(back.check)
        assert.strictEqual(refused.code, "django.reversal-unavailable")
        assert.include(refused.message, "cannot be taken apart")
        assert.strictEqual((yield* reported(back.apply)).code, "django.reversal-unavailable")
        assert.deepStrictEqual(yield* ground.applied, before)
      })
    )
  )

  it.live("leave a branch alone that no command takes back by itself", () =>
    onLibrary((library, ground) =>
      Effect.gen(function* () {
        const migrate = yield* handle
        library.write("books/migrations/0003_one.py", migration(["0002_book_pages"], ""))
        yield* migrate.apply
        const first = yield* migrate.record
        library.write("books/migrations/0003_other.py", migration(["0002_book_pages"], isbn))
        library.write("books/migrations/0004_merge.py", migration(["0003_one", "0003_other"], ""))
        yield* migrate.apply
        const before = yield* ground.applied
        const refused = yield* reported((yield* migrate.back(first, true)).check)
        assert.strictEqual(refused.code, "django.reversal-unavailable")
        assert.include(refused.message, "books.0003_other cannot be taken apart")
        assert.deepStrictEqual(yield* ground.applied, before)
        assert.include(noteOf(yield* (yield* migrate.back(first, false)).check), "--schema cannot go back now")
      })
    )
  )

  it.live("go back over data that only code knows how to take back, and say that it may be lost", () =>
    onLibrary((library, ground) =>
      Effect.gen(function* () {
        const migrate = yield* handle
        yield* migrate.apply
        const first = yield* migrate.record
        library.write(
          "books/migrations/0003_data.py",
          migration(
            ["0002_book_pages"],
            `migrations.RunPython(forwards, forwards), migrations.RunPython(forwards, migrations.RunPython.noop), migrations.RunSQL("SELECT 1", migrations.RunSQL.noop)`
          )
        )
        yield* migrate.apply
        const back = yield* migrate.back(first, true)
        assert.deepStrictEqual(summaries(yield* back.check), [
          "unapply books.0003_data, and what it added is lost: RunPython forwards"
        ])
        yield* back.apply
        assert.deepStrictEqual(yield* ground.applied, initial)
      })
    )
  )
})
