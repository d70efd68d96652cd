/** Going back to a release, on a library that the fake world and this machine both have. */
import { assert } from "@effect/vitest"
import { type Check, Failure, Look, type Release } from "@shipshape/core"
import { Django } from "@shipshape/plugin-django"
import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"

/** How a test changes the code's migrations and sees those of the database. */
export interface Ground {
  /** The code gets `books.0003_isbn`, which adds a field, and loses all later ones. */
  readonly addReversible: Effect.Effect<void>
  /** The code gets `books.0004_names` too, which runs `forwards` and knows no way back. */
  readonly addIrreversible: Effect.Effect<void>
  /** The code is that of the first release. */
  readonly oldCode: Effect.Effect<void>
  /** The migrations of books that are applied, in order. */
  readonly applied: Effect.Effect<ReadonlyArray<string>>
}

export const releaseOf = (number: number): Release.Release => ({
  format: "shipshape-release",
  v: 1,
  number,
  at: 0,
  deployment: "library",
  environment: "staging",
  who: { user: "ann", host: "here", pid: 1 },
  plan: "",
  versions: {},
  parts: {}
})

/** Each time with fresh eyes. */
const looked = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => Effect.provideService(effect, Look.Current, Look.make()))

/** What the engine does with the step. */
export const handle = Effect.gen(function* () {
  const step = Django.migrate("migrate", { checkMissing: false })
  const { apply, check, release } = yield* Effect.fromResult(step.prepare(new Map()))
  if (release === undefined) return yield* Effect.die("migrate leaves nothing in a release")
  return {
    apply,
    check: looked(check),
    record: looked(release.record({})),
    back: (part: Schema.Json, schema: boolean) => {
      // As the release's file gives it.
      const stored: Schema.Json = JSON.parse(JSON.stringify(part))
      const way = release.back(stored, {
        release: releaseOf(1),
        leaving: releaseOf(2),
        backup: undefined,
        allowed: { schema, data: false }
      })
      return way === undefined
        ? Effect.die("migrate knows no way back")
        : Effect.map(Effect.fromResult(way), ({ apply, check }) => ({ apply, check: looked(check) }))
    }
  }
})

export const summaries = (check: Check.Check<unknown>): ReadonlyArray<string> =>
  "changes" in check ? check.changes.map(({ summary }) => summary) : assert.fail(`${check._tag}`)

export const noteOf = (check: Check.Check<unknown>): string | undefined =>
  check._tag === "Satisfied" ? check.note : assert.fail(`${check._tag}`)

export const reported = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.map(Effect.flip(effect), Failure.report)

const goesBack = ({ addReversible, applied }: Ground) =>
  Effect.gen(function* () {
    const migrate = yield* handle
    yield* migrate.apply
    const first = yield* migrate.record
    yield* addReversible
    yield* migrate.apply
    const second = yield* migrate.record
    assert.notDeepEqual(second, first)

    const keeps = yield* migrate.back(first, false)
    const kept = yield* keeps.check
    assert.strictEqual(noteOf(kept), "the schema stays newer: books.0003_isbn (reversible) is kept; --schema goes back")
    assert.strictEqual(kept._tag === "Satisfied" && kept.output.applied.books, 2)
    assert.include(yield* applied, "0003_isbn")

    const back = yield* migrate.back(first, true)
    const found = yield* back.check
    assert.deepStrictEqual(summaries(found), [
      "unapply books.0003_isbn, and what it added is lost: Add field isbn to book"
    ])
    assert.strictEqual(found._tag === "Needed" && found.risk, "destructive")
    assert.deepStrictEqual(found._tag === "Needed" && found.touches, ["django-schema:default"])
    yield* back.apply
    yield* back.apply
    assert.strictEqual(noteOf(yield* back.check), undefined)
    assert.deepStrictEqual(yield* applied, ["0001_initial", "0002_book_pages"])
    assert.deepStrictEqual(yield* migrate.record, first)

    // Forth again: what that release has and the database lacks is applied as always.
    const forth = yield* migrate.back(second, true)
    assert.deepStrictEqual(summaries(yield* forth.check), ["apply books.0003_isbn"])
    yield* forth.apply
    assert.strictEqual(noteOf(yield* forth.check), undefined)
    assert.deepStrictEqual(yield* migrate.record, second)
  })

const refuses = ({ addIrreversible, addReversible, applied, oldCode }: Ground) =>
  Effect.gen(function* () {
    const migrate = yield* handle
    yield* migrate.apply
    const first = yield* migrate.record
    yield* addReversible
    yield* migrate.apply
    yield* addIrreversible
    yield* migrate.apply
    const before = yield* applied
    const back = yield* migrate.back(first, true)
    const keeps = yield* migrate.back(first, false)

    for (const refused of [yield* reported(back.check), yield* reported(back.apply)]) {
      assert.strictEqual(refused.code, "django.migration-irreversible")
      assert.include(refused.message, "books.0004_names cannot be reversed (RunPython forwards)")
      assert.notInclude(refused.message, "0003_isbn")
    }
    const both = "books.0003_isbn (reversible), books.0004_names (irreversible: RunPython forwards) are kept"
    assert.strictEqual(noteOf(yield* keeps.check), `the schema stays newer: ${both}; --schema cannot go back`)

    // Code that does not have them can tell no more than their names, and takes them for what they are.
    yield* oldCode
    assert.strictEqual(
      noteOf(yield* migrate.check),
      "applied, and not in this code: books.0003_isbn, books.0004_names; the schema is newer"
    )
    const why = "the code that runs does not have books.0003_isbn, books.0004_names"
    assert.strictEqual(
      noteOf(yield* keeps.check),
      `the schema stays newer: books.0003_isbn, books.0004_names are kept; --schema cannot go back now: ${why}`
    )
    for (const refused of [yield* reported(back.check), yield* reported(back.apply)]) {
      assert.strictEqual(refused.code, "django.reversal-unavailable")
      assert.include(refused.message, why)
    }
    yield* migrate.apply
    assert.deepStrictEqual(yield* applied, before)
  })

const toNothing = ({ addReversible, applied }: Ground) =>
  Effect.gen(function* () {
    yield* addReversible
    const migrate = yield* handle
    yield* migrate.apply
    const all = yield* migrate.record
    // A release of before there were books.
    const without: Schema.Json = JSON.parse(
      JSON.stringify(all)
        .replace(/"books":\[[^\]]*\],?/, "")
        .replace(",}", "}")
    )
    const back = yield* migrate.back(without, true)
    assert.deepStrictEqual(
      summaries(yield* back.check).map((summary) => summary.split(",")[0]),
      ["unapply books.0003_isbn", "unapply books.0002_book_pages", "unapply books.0001_initial"]
    )
    yield* back.apply
    assert.deepStrictEqual(yield* applied, [])
    assert.strictEqual(noteOf(yield* back.check), undefined)
  })

export const releases: Readonly<Record<string, (ground: Ground) => ReturnType<typeof goesBack | typeof refuses>>> = {
  "keep a newer schema and say so, take it back where that is allowed, and go forth again": goesBack,
  "are not gone back to over a migration that cannot be reversed, or that the code does not have": refuses,
  "of before an app was there take all of it back": toNothing
}
