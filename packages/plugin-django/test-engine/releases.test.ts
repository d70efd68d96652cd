import { assert, describe, it } from "@effect/vitest"
import type { Release } from "@shipshape/core"
import { Compose } from "@shipshape/plugin-docker"
import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import { handle, noteOf, releaseOf, reported, summaries } from "../test/support/releases.ts"
import { databaseUp, makeProject, type Project } from "./support.ts"

const migration = (name: string, after: string, operation: string) => ({
  path: `backend/documents/migrations/${name}.py`,
  text: `from django.db import migrations, models

def forwards(apps, schema_editor):
    pass

class Migration(migrations.Migration):
    dependencies = [("documents", "${after}")]
    operations = [${operation}]
`
})

const tag = migration(
  "0004_tag",
  "0003_document_versions",
  `migrations.CreateModel("Tag", [("id", models.BigAutoField(primary_key=True)), ("name", models.CharField(max_length=9))])`
)
const words = migration("0005_words", "0004_tag", "migrations.RunPython(forwards)")

const keeping: Release.Keeping = { deployment: "edms", environment: "staging", number: 1, step: "images" }

/** The image's step, as the engine uses it. */
const images = Effect.gen(function* () {
  const { apply, release } = yield* Effect.fromResult(
    Compose.build("images", { services: ["backend"] }).prepare(new Map())
  )
  if (release === undefined) return yield* Effect.die("a build leaves nothing in a release")
  const how = {
    release: releaseOf(1),
    leaving: releaseOf(2),
    backup: undefined,
    allowed: { schema: true, data: false }
  }
  return {
    build: apply,
    keep: Effect.tap(release.record({}), (part) => release.keep(part, keeping)),
    goBack: (part: Schema.Json) => {
      const way = release.back(part, how)
      return way === undefined
        ? Effect.die("a build knows no way back")
        : Effect.flatMap(Effect.fromResult(way), (back) => back.apply)
    }
  }
})

const up = ({ compose }: Project) => compose("up", "--detach", "--wait", "--no-build", "--no-deps", "backend")

describe("a release of the EDMS", () => {
  it.live("goes back in the newer container, while the image is the older one already", () =>
    Effect.gen(function* () {
      const edms = yield* makeProject
      yield* Effect.gen(function* () {
        const backend = yield* images
        const migrate = yield* handle
        const tables = edms.sql("SELECT count(*) FROM pg_tables WHERE tablename = 'documents_tag'")
        const next = (...files: ReadonlyArray<typeof tag>) =>
          Effect.gen(function* () {
            for (const { path, text } of files) yield* edms.write(path, text)
            yield* backend.build
            yield* migrate.apply
            yield* up(edms)
          })

        yield* backend.build
        yield* databaseUp(edms)
        yield* migrate.apply
        const image = yield* backend.keep
        const first = yield* migrate.record
        const back = yield* migrate.back(first, true)
        const keeps = yield* migrate.back(first, false)

        yield* next(tag)
        assert.strictEqual((yield* tables).trim(), "1")
        yield* backend.goBack(image)
        assert.strictEqual(
          noteOf(yield* keeps.check),
          "the schema stays newer: documents.0004_tag (reversible) is kept; --schema goes back"
        )
        // The image that is present does not have it, and takes that for what it is.
        assert.include(noteOf(yield* migrate.check), "documents.0004_tag; the schema is newer")
        const found = yield* back.check
        assert.deepStrictEqual(summaries(found), [
          "unapply documents.0004_tag, and what it added is lost: Create model Tag"
        ])
        yield* back.apply
        assert.strictEqual((yield* tables).trim(), "0")
        assert.strictEqual(noteOf(yield* back.check), undefined)
        assert.strictEqual(noteOf(yield* migrate.check), undefined)
        assert.deepStrictEqual(yield* migrate.record, first)
        yield* up(edms)
        assert.strictEqual(noteOf(yield* back.check), undefined)

        // A migration that cannot be reversed, a container that does not run, and one that runs other code.
        yield* next(tag, words)
        const stuck = yield* reported(back.check)
        assert.strictEqual(stuck.code, "django.migration-irreversible")
        assert.include(stuck.message, "documents.0005_words cannot be reversed (RunPython forwards)")
        yield* edms.compose("stop", "backend")
        const down = yield* reported(back.check)
        assert.strictEqual(down.code, "django.reversal-unavailable")
        assert.include(down.message, "service backend does not run")
        assert.include(noteOf(yield* keeps.check), "documents.0004_tag, documents.0005_words are kept")
        yield* backend.goBack(image)
        yield* up(edms)
        const other = yield* reported(back.apply)
        assert.strictEqual(other.code, "django.reversal-unavailable")
        assert.include(other.message, "the code that runs does not have documents.0004_tag")
        assert.strictEqual((yield* tables).trim(), "1")
      }).pipe(Effect.provide(edms.layer(true)))
    }).pipe(Effect.scoped)
  )
})
