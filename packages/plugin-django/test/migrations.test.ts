import { assert, describe, it } from "@effect/vitest"
import { Failure, Look } from "@shipshape/core"
import { Django } from "@shipshape/plugin-django"
import type { DjangoControl } from "@shipshape/plugin-django/DjangoControl"
import type { DjangoProbe } from "@shipshape/plugin-django/DjangoProbe"
import * as Effect from "effect/Effect"
import { type LocalLibrary, localLibrary, python } from "./support/localLibrary.ts"

const prepared = Effect.fromResult(Django.migrate("migrate", {}).prepare(new Map()))
const check = Effect.flatMap(prepared, (step) => step.check).pipe(Effect.provideService(Look.Current, Look.make()))
const apply = Effect.flatMap(prepared, (step) => step.apply)

const migration = (after: string, ...operations: ReadonlyArray<string>) => `from django.db import migrations, models

def stop(apps, schema_editor):
    raise RuntimeError("the shelf is full")

class Migration(migrations.Migration):
    dependencies = [("books", "${after}")]
    operations = [${operations.join(", ")}]
`

const withLibrary = (test: (library: LocalLibrary) => Effect.Effect<unknown, unknown, DjangoProbe | DjangoControl>) =>
  Effect.gen(function* () {
    const library = yield* localLibrary()
    yield* Effect.provide(test(library), library.layer)
  }).pipe(Effect.scoped)

const reported = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.map(Effect.flip(effect), Failure.report)

describe.skipIf(python === undefined)("migrations", () => {
  it.live("are listed by name, and nothing is lost where there is nothing yet", () =>
    withLibrary((library) =>
      Effect.gen(function* () {
        library.write(
          "books/migrations/0003_no_pages.py",
          migration("0002_book_pages", `migrations.RemoveField("book", "pages")`)
        )
        library.write(
          "books/models.py",
          library.script(
            "print(open('books/models.py').read().replace('    pages = models.PositiveIntegerField(default=0)', ''))"
          )
        )
        const found = yield* check
        if (found._tag !== "Needed") return assert.fail(found._tag)
        assert.strictEqual(found.risk, undefined)
        const summaries = found.changes.map(({ summary }) => summary)
        assert.includeMembers(summaries, ["apply books.0001_initial", "apply books.0002_book_pages"])
      })
    )
  )

  it.live("that remove a field of a table that is there are destructive", () =>
    withLibrary((library) =>
      Effect.gen(function* () {
        library.manage("migrate")
        library.write(
          "books/migrations/0003_no_pages.py",
          migration("0002_book_pages", `migrations.RemoveField("book", "pages")`)
        )
        library.write(
          "books/models.py",
          library.script(
            "print(open('books/models.py').read().replace('    pages = models.PositiveIntegerField(default=0)', ''))"
          )
        )
        const found = yield* check
        if (found._tag !== "Needed") return assert.fail(found._tag)
        assert.strictEqual(found.risk, "destructive")
        assert.deepStrictEqual(found.changes, [
          { summary: "apply books.0003_no_pages, which loses data: Remove field pages from book" }
        ])
      })
    )
  )

  it.live("that remove what a pending one adds lose nothing", () =>
    withLibrary((library) =>
      Effect.gen(function* () {
        library.manage("migrate")
        const added = `migrations.AddField("book", "isbn", models.CharField(max_length=20, default=""))`
        library.write("books/migrations/0003_isbn.py", migration("0002_book_pages", added))
        library.write(
          "books/migrations/0004_no_isbn.py",
          migration("0003_isbn", `migrations.RemoveField("book", "isbn")`)
        )
        const found = yield* check
        if (found._tag !== "Needed") return assert.fail(found._tag)
        assert.strictEqual(found.risk, undefined)
      })
    )
  )

  it.live("that nobody has written for a changed model fail the check", () =>
    withLibrary((library) =>
      Effect.gen(function* () {
        library.write(
          "books/models.py",
          `${library.script("print(open('books/models.py').read())")}\n\nclass Reader(models.Model):\n    name = models.CharField(max_length=9)\n`
        )
        const report = yield* reported(check)
        assert.strictEqual(report.code, "django.migrations-missing")
        assert.include(report.message, "books: Create model Reader")
        assert.include(report.hint, "makemigrations books")
      })
    )
  )

  it.live("that are both the last of an app fail the check", () =>
    withLibrary((library) =>
      Effect.gen(function* () {
        library.write("books/migrations/0003_one.py", migration("0002_book_pages"))
        library.write("books/migrations/0003_other.py", migration("0002_book_pages"))
        const report = yield* reported(check)
        assert.strictEqual(report.code, "django.migrations-conflict")
        assert.include(report.message, "0003_one, 0003_other in books")
      })
    )
  )

  it.live("that were applied in another order than they ask for fail the check", () =>
    withLibrary((library) =>
      Effect.gen(function* () {
        library.manage("migrate")
        library.script(
          `import sqlite3; c = sqlite3.connect("library.sqlite3"); c.execute("DELETE FROM django_migrations WHERE app = 'books' AND name = '0001_initial'"); c.commit()`
        )
        const report = yield* reported(check)
        assert.strictEqual(report.code, "django.migration-history-inconsistent")
        assert.include(report.message, "books.0001_initial")
      })
    )
  )

  it.live("that fail midway are named, with what was said; those before stay applied", () =>
    withLibrary((library) =>
      Effect.gen(function* () {
        library.write("books/migrations/0003_stop.py", migration("0002_book_pages", "migrations.RunPython(stop)"))
        const report = yield* reported(apply)
        assert.strictEqual(report.code, "django.migration-failed")
        assert.include(report.message, "books.0003_stop")
        assert.include(report.tail?.join("\n"), "the shelf is full")
        const found = yield* check
        if (found._tag !== "Needed") return assert.fail(found._tag)
        assert.deepStrictEqual(found.changes, [{ summary: "apply books.0003_stop" }])
      })
    )
  )
})
