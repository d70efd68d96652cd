import { assert, describe, it } from "@effect/vitest"
import { type Check, Failure, Look, type Step, Target } from "@shipshape/core"
import { Django } from "@shipshape/plugin-django"
import type { DjangoControl } from "@shipshape/plugin-django/DjangoControl"
import type { DjangoProbe } from "@shipshape/plugin-django/DjangoProbe"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { keepsTheLaws, password, steps } from "../test/support/edms.ts"
import { databaseUp, makeProject } from "./support.ts"

type AnyStep = Step.Step<unknown, unknown, DjangoProbe, DjangoControl | DjangoProbe, string>

const planned = (wanted: ReadonlyArray<AnyStep>) =>
  Effect.forEach(wanted, (step) => Effect.flatMap(Effect.fromResult(step.prepare(new Map())), ({ check }) => check), {
    concurrency: "unbounded"
  }).pipe(Effect.provideService(Look.Current, Look.make()))

const lackOf = (error: unknown) => (error instanceof Target.TargetUnavailable ? error.resource : undefined)

const summaries = (check: Check.Check<unknown> | undefined) =>
  check?._tag === "Needed" ? check.changes.map(({ summary }) => summary) : assert.fail(`${check?._tag}`)

const newMigration = `from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("documents", "0003_document_versions")]
    operations = [migrations.RunPython(migrations.RunPython.noop, migrations.RunPython.noop)]
`

describe("Django in the containers of a Compose project", () => {
  it.live("from nothing to a running EDMS, and on to the next release", () =>
    Effect.gen(function* () {
      const edms = yield* makeProject
      const all = Object.values(steps)

      // Neither image nor database: the plan can wait for both, and looking has made nothing.
      const first = yield* Effect.flip(planned([steps.migrate])).pipe(Effect.provide(edms.layer(true)))
      assert.strictEqual(lackOf(first), "image:backend")
      yield* edms.compose("build", "backend")
      const second = yield* Effect.flip(planned([steps.migrate])).pipe(Effect.provide(edms.layer(true)))
      assert.strictEqual(lackOf(second), "service:db")
      assert.deepStrictEqual(yield* edms.things, [])

      // With both, everything runs in one-off containers: the application itself is not up.
      yield* databaseUp(edms)
      yield* keepsTheLaws(edms).pipe(Effect.provide(edms.layer(true)))
      assert.isEmpty((yield* edms.things).filter((name) => name.includes("oneoff") || name.includes("run")))

      edms.opened.length = 0
      const begun = performance.now()
      const checks = yield* Effect.provide(planned(all), edms.layer(true))
      console.log(`12 steps, ${edms.opened.length} one-off container, ${Math.round(performance.now() - begun)} ms`)
      assert.deepStrictEqual(
        checks.map(({ _tag }) => _tag),
        all.map(() => "Satisfied")
      )
      assert.strictEqual(edms.opened.length, 1)
      for (const { args } of edms.opened) assert.notInclude(args.join(" "), Redacted.value(password))

      // The running container answers as well.
      yield* edms.compose("up", "--detach", "--wait", "backend")
      const running = performance.now()
      const again = yield* Effect.provide(planned(all), edms.layer(false))
      console.log(`12 steps in the running container, ${Math.round(performance.now() - running)} ms`)
      assert.deepStrictEqual(again, checks)

      // A new image has a migration that the running container does not know; an open session sees it.
      yield* Effect.gen(function* () {
        assert.strictEqual((yield* planned([steps.migrate]))[0]?._tag, "Satisfied")
        yield* edms.write("backend/documents/migrations/0004_next.py", newMigration)
        yield* edms.compose("build", "backend")
        assert.deepStrictEqual(summaries((yield* planned([steps.migrate]))[0]), ["apply documents.0004_next"])
      }).pipe(Effect.provide(edms.layer(true)))
      assert.strictEqual((yield* Effect.provide(planned([steps.migrate]), edms.layer(false)))[0]?._tag, "Satisfied")

      // A session outlives the container it ran in.
      yield* Effect.gen(function* () {
        assert.strictEqual((yield* planned([steps.migrate]))[0]?._tag, "Satisfied")
        // Not until healthy: with a migration pending it is not.
        yield* edms.compose("up", "--detach", "--force-recreate", "backend")
        assert.deepStrictEqual(summaries((yield* planned([steps.migrate]))[0]), ["apply documents.0004_next"])
      }).pipe(Effect.provide(edms.layer(false)))

      // Without its container, or its database, the application cannot be asked.
      yield* edms.compose("stop", "db")
      const [down] = yield* Effect.provide(planned([steps.roles]), edms.layer(false))
      assert.deepStrictEqual(down?._tag === "Unavailable" && down.lacks, ["service:db"])
      yield* edms.compose("rm", "--stop", "--force", "backend")
      const gone = yield* Effect.flip(planned([steps.roles])).pipe(Effect.provide(edms.layer(false)))
      assert.strictEqual(lackOf(gone), "service:backend")
    }).pipe(Effect.scoped)
  )

  it.live("refuses to write while it looks, and says which setting is missing", () =>
    Effect.gen(function* () {
      const edms = yield* makeProject
      yield* edms.write(
        "backend/users/tricks.py",
        "def write():\n    from users.models import Role\n    Role.objects.create(name='x', module='O1', level='x')\n"
      )
      yield* edms.compose("build", "backend")
      yield* databaseUp(edms)
      const migrate = Effect.flatMap(Effect.fromResult(steps.migrate.prepare(new Map())), ({ apply }) => apply)
      yield* Effect.provide(migrate, edms.layer(true))
      const trick = Django.verify("trick", { that: { call: "users.tricks.write", equals: null } })
      const wrote = yield* Effect.flip(planned([trick])).pipe(Effect.provide(edms.layer(true)))
      assert.strictEqual(Failure.report(wrote).code, "django.check-wrote")

      yield* edms.write(".env", "DB_NAME=edms\nDB_USER=edms\nDB_PASSWORD=for-tests-only\nSECRET_KEY=\n")
      const broken = yield* Effect.flip(planned([steps.migrate])).pipe(Effect.provide(edms.layer(true)))
      assert.strictEqual(Failure.report(broken).code, "django.settings-invalid")
      assert.include(Failure.report(broken).message, "EDMS_MASTER_KEY")
    }).pipe(Effect.scoped)
  )
})
