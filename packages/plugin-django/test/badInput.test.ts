import { assert, describe, it } from "@effect/vitest"
import { Check, Failure, Look, type Step } from "@shipshape/core"
import { Django } from "@shipshape/plugin-django"
import type { DjangoControl } from "@shipshape/plugin-django/DjangoControl"
import type { DjangoProbe } from "@shipshape/plugin-django/DjangoProbe"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { type LocalLibrary, localLibrary, python } from "./support/localLibrary.ts"

type AnyStep = Step.Step<unknown, unknown, DjangoProbe, DjangoControl | DjangoProbe, string>

const check = (step: AnyStep) =>
  Effect.flatMap(Effect.fromResult(step.prepare(new Map())), (prepared) => prepared.check).pipe(
    Effect.provideService(Look.Current, Look.make())
  )

const apply = (step: AnyStep) =>
  Effect.flatMap(Effect.fromResult(step.prepare(new Map())), (prepared) => prepared.apply)

const reported = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.map(Effect.flip(effect), Failure.report)

/** A library whose migrations are applied, unless the test says otherwise. */
const withLibrary = <A, E>(
  test: (library: LocalLibrary) => Effect.Effect<A, E, DjangoProbe | DjangoControl>,
  env: Readonly<Record<string, string>> = {}
) =>
  Effect.gen(function* () {
    const library = yield* localLibrary(env)
    yield* Effect.provide(test(library), library.layer)
  }).pipe(Effect.scoped)

const refuses = (step: AnyStep, code: string, ...words: ReadonlyArray<string>) =>
  withLibrary((library) =>
    Effect.gen(function* () {
      library.manage("migrate")
      library.manage("create_groups")
      const report = yield* reported(check(step))
      assert.strictEqual(report.code, code)
      for (const word of words) assert.include(report.message, word)
      assert.notStrictEqual(report.hint, "")
    })
  )

const atLeastOne = (model: string, filter: Record<string, string> = {}) =>
  Django.command("c", { command: "create_shelves", done: { model, filter, atLeast: 1 } })

const password = Redacted.make("a long enough password")

describe.skipIf(python === undefined)("what does not fit the application", () => {
  it.live("an unknown command names the nearest", () =>
    refuses(
      Django.command("c", { command: "create_shelfs", done: "everyRun" }),
      "django.unknown-command",
      "create_shelves?"
    )
  )

  it.live("an unknown model names the nearest", () =>
    refuses(atLeastOne("books.Shelv"), "django.unknown-model", "books.Shelf?")
  )

  it.live("an unknown field names its path", () =>
    refuses(
      atLeastOne("books.Shelf", { books__titel: "x" }),
      "django.query-invalid",
      "filter.books__titel",
      "books.Shelf"
    )
  )

  it.live("a value that does not fit its field names its path", () =>
    refuses(atLeastOne("books.Book", { pages: "many" }), "django.query-invalid", "filter.pages")
  )

  it.live("an unknown app, check tag, permission and function", () =>
    Effect.all([
      refuses(Django.migrate("m", { apps: ["boks"] }), "django.query-invalid", "books?"),
      refuses(Django.check("c", { tags: ["modles"] }), "django.query-invalid", "models?"),
      refuses(
        Django.verify("v", { that: { call: "books.rules.may", equals: true } }),
        "django.query-invalid",
        "books.rules.may"
      ),
      refuses(
        Django.command("d", {
          command: "create_shelves",
          database: "replica",
          done: { model: "books.Shelf", atLeast: 1 }
        }),
        "django.query-invalid",
        "replica"
      )
    ])
  )

  it.live("an unknown group waits for the step that creates it, and names the nearest", () =>
    withLibrary((library) =>
      Effect.gen(function* () {
        library.manage("migrate")
        library.manage("create_groups")
        const found = yield* check(Django.user("u", { username: "ann", groups: ["Reader"] }))
        if (found._tag !== "Unavailable") return assert.fail(found._tag)
        assert.deepStrictEqual(found.lacks, ["django-rows:default"])
        assert.include(found.reason, "no group Reader; did you mean Readers?")
        const wanted = { username: "ann", email: "a@example.org", fields: { card: "1" }, groups: ["Reader"] }
        assert.strictEqual((yield* reported(apply(Django.user("u", wanted)))).code, "django.unknown-group")
      })
    )
  )

  it.live("settings that do not load name the key", () =>
    withLibrary(
      () =>
        Effect.gen(function* () {
          const report = yield* reported(check(Django.migrate("m", {})))
          assert.strictEqual(report.code, "django.settings-invalid")
          assert.include(report.message, "LIBRARY_SECRET")
        }),
      { LIBRARY_SECRET: "" }
    )
  )

  it.live("a database that does not answer is waited for", () =>
    withLibrary(
      () =>
        Effect.gen(function* () {
          const found = yield* check(Django.migrate("m", {}))
          if (found._tag !== "Unavailable") return assert.fail(found._tag)
          assert.deepStrictEqual(found.lacks, ["service:db"])
          assert.include(found.reason, "unable to open database file")
        }),
      // A folder is no database.
      { LIBRARY_DATABASE: "/" }
    )
  )

  it.live("tables that are not there wait for the migrations", () =>
    withLibrary(() =>
      Effect.gen(function* () {
        const found = yield* check(atLeastOne("books.Shelf"))
        if (found._tag !== "Unavailable") return assert.fail(found._tag)
        assert.deepStrictEqual(found.lacks, ["django-schema:default"])
      })
    )
  )

  it.live("a command that fails says what it said", () =>
    withLibrary((library) =>
      Effect.gen(function* () {
        library.manage("migrate")
        const report = yield* reported(apply(Django.command("c", { command: "stumble", done: "everyRun" })))
        assert.strictEqual(report.code, "django.command-failed")
        assert.include(report.message, "There is a stone on the path.")
        assert.include(report.tail?.join("\n"), "stumbling")
      })
    )
  )

  it.live("a password that is missing, empty or weak", () =>
    withLibrary((library) =>
      Effect.gen(function* () {
        library.manage("migrate")
        const missing = yield* reported(check(Django.user("u", { username: "ann", sync: "password" })))
        assert.strictEqual(missing.code, "django.password-missing")
        const empty = Django.superuser("s", { username: "ann", password: Redacted.make("") })
        const refused = empty.prepare(new Map())
        assert.isTrue(Result.isFailure(refused))
        const ann = { username: "ann", email: "a@example.org", fields: { card: "1" } }
        const weak = yield* reported(apply(Django.superuser("s", { ...ann, password: Redacted.make("x1y2") })))
        assert.strictEqual(weak.code, "django.user-invalid")
        assert.include(weak.message, "too short")
        assert.notInclude(JSON.stringify(weak), "x1y2")
        yield* apply(Django.superuser("s", { ...ann, password: Redacted.make("x1y2"), validate: false }))
      })
    )
  )

  it.live("a field that the user model requires, and one that it lacks", () =>
    withLibrary((library) =>
      Effect.gen(function* () {
        library.manage("migrate")
        const lacks = yield* reported(
          apply(Django.superuser("s", { username: "ann", email: "a@example.org", password }))
        )
        assert.strictEqual(lacks.code, "django.user-invalid")
        assert.include(lacks.message, "requires card")
        const wrong = Django.superuser("s", { username: "ann", password, fields: { crad: "1" } })
        assert.include((yield* reported(apply(wrong))).message, "crad; did you mean card?")
      })
    )
  )

  it.live("a user who is there and no superuser is not promoted", () =>
    withLibrary((library) =>
      Effect.gen(function* () {
        library.manage("migrate")
        yield* apply(Django.user("u", { username: "ann", email: "a@example.org", fields: { card: "1" } }))
        const report = yield* reported(check(Django.superuser("s", { username: "ann", password })))
        assert.strictEqual(report.code, "django.user-differs")
      })
    )
  )

  it.live("a verification that does not hold fails when it is applied, and says what was found", () =>
    withLibrary((library) =>
      Effect.gen(function* () {
        library.manage("migrate")
        const step = Django.verify("v", { that: { model: "books.Shelf", expect: { count: 2 } } })
        assert.strictEqual((yield* check(step))._tag, "Needed")
        const report = yield* reported(apply(step))
        assert.strictEqual(report.code, "django.verification-failed")
        assert.include(report.message, "found 0")
        library.manage("create_shelves")
        assert.deepStrictEqual(yield* check(step), Check.satisfied({}))
      })
    )
  )

  it.live("system checks for production that fail carry ids and hints", () =>
    withLibrary(() =>
      Effect.gen(function* () {
        assert.strictEqual((yield* check(Django.check("c", { deploy: true })))._tag, "Satisfied")
        const report = yield* reported(check(Django.check("c", { deploy: true, failLevel: "warning" })))
        assert.strictEqual(report.code, "django.check-failed")
        assert.include(report.message, "security.W009")
      })
    )
  )
})
