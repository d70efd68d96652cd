/** Going back to a release, and undoing: on a project that the fake world and a real engine both have. */
import { assert } from "@effect/vitest"
import { type Check, Failure, Look, type Release, type Step, Target } from "@shipshape/core"
import { Laws } from "@shipshape/core/testing"
import { Compose, EnvFile, Storage } from "@shipshape/plugin-docker"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as Schema from "effect/Schema"
import { files, type World } from "./scenarios.ts"

/** What these scenarios need to see and do beside the others. */
export interface ReleaseWorld extends World {
  readonly project: string
  /** The id that a reference points to. */
  readonly image: (reference: string) => Effect.Effect<string | undefined>
  /** Whether an image is there, by its id. */
  readonly hasImage: (id: string) => Effect.Effect<boolean>
  /** What the running container of `app` was built to say. */
  readonly greeting: Effect.Effect<string>
  /** Takes away the project's images that have no name, as `docker image prune` does. */
  readonly prune: Effect.Effect<unknown>
  /** The project's env file. */
  readonly env: string
}

const keepingOf = (number: number): Release.Keeping => ({
  deployment: "Shop 2",
  environment: "staging",
  number,
  step: "a step"
})

/** A release of which only the number matters. */
const releaseOf = (number: number): Release.Release => ({
  format: "shipshape-release",
  v: 1,
  number,
  at: 0,
  deployment: "Shop 2",
  environment: "staging",
  who: { user: "ann", host: "here", pid: 1 },
  plan: "",
  versions: {},
  parts: {}
})

/** Each time with fresh eyes. */
const looked = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => Effect.provideService(effect, Look.Current, Look.make()))

/** What the engine does with a step that leaves something in a release. */
const handle = Effect.fnUntraced(function* <A, E, CheckR, ApplyR>(
  step: Step.Step<A, E, CheckR, ApplyR, string>,
  allowed: Release.Allowed = { schema: false, data: false }
) {
  const { apply, check, release } = yield* Effect.fromResult(step.prepare(new Map()))
  if (release === undefined) return yield* Effect.die(`${step.type} leaves nothing in a release`)
  const satisfied = Effect.flatMap(looked(check), (found) =>
    found._tag === "Satisfied" ? Effect.succeed(found.output) : Effect.die(`${step.type} is ${found._tag}`)
  )
  return {
    apply,
    check: looked(check),
    record: Effect.flatMap(satisfied, (output) => looked(release.record(output))),
    look: looked(release.record({})),
    keep: (part: Schema.Json, number: number) => release.keep(part, keepingOf(number)),
    forget: (part: Schema.Json, number: number) => release.forget(part, keepingOf(number)),
    back: (part: Schema.Json, number: number) => {
      // As the release's file gives it.
      const stored: Schema.Json = JSON.parse(JSON.stringify(part))
      const way = release.back(stored, {
        release: releaseOf(number),
        leaving: releaseOf(99),
        backup: undefined,
        allowed
      })
      return way === undefined
        ? Effect.die(`${step.type} knows no way back`)
        : Effect.map(Effect.fromResult(way), ({ apply, check }) => ({ apply, check: looked(check) }))
    }
  }
})

const summaries = (check: Check.Check<unknown>): ReadonlyArray<string> =>
  "changes" in check ? check.changes.map(({ summary }) => summary) : assert.fail(`${check._tag}`)

const codeOf = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), (error) => Failure.report(error))

const built = Compose.build("images", { services: ["app"] })
const running = Compose.up("all", { services: ["app"] })

const idIn = (part: Schema.Json): string => {
  const found = /"id":"(sha256:[0-9a-f]{64})"/.exec(JSON.stringify(part))?.[1]
  return found ?? assert.fail(`no image in ${JSON.stringify(part)}`)
}

const images = ({ editContext, greeting, hasImage, image, layer, project, prune }: ReleaseWorld) =>
  Effect.gen(function* () {
    const build = yield* handle(built)
    const up = yield* handle(running)
    const name = `${project}-app`
    const kept = (number: number) => new RegExp(`^shipshape/${name}:shop-2-staging-[0-9a-f]{8}-${number}$`)
    const keptName = (number: number) => `shipshape/${name}:shop-2-staging-${digestOfPlace}-${number}`
    assert.match(keptName(1), kept(1))

    yield* build.apply
    yield* up.apply
    assert.strictEqual(yield* greeting, "hello")
    const first = yield* build.record
    const ran = yield* up.record
    yield* build.keep(first, 1)
    yield* build.keep(first, 1)
    assert.strictEqual(yield* image(keptName(1)), idIn(first))
    assert.include(JSON.stringify(ran), `"image":"${idIn(first)}"`)

    yield* editContext
    yield* build.apply
    yield* up.apply
    assert.strictEqual(yield* greeting, "changed")
    const second = yield* build.record
    assert.notStrictEqual(idIn(second), idIn(first))
    assert.notDeepEqual(yield* up.look, ran)
    yield* build.keep(second, 2)
    yield* prune

    // The way back, planned, gone, and seen.
    const back = yield* build.back(first, 1)
    const found = yield* back.check
    if (found._tag !== "Needed") return assert.fail(found._tag)
    assert.deepEqual(found.changes, [
      { summary: "image of app (release 1)", before: idIn(second).slice(0, 19), after: idIn(first).slice(0, 19) }
    ])
    assert.deepEqual(found.touches, ["image:app"])
    yield* back.apply
    const after = yield* back.check
    assert.deepEqual(after._tag === "Satisfied" && after.output, { images: { app: idIn(first) } })
    assert.include(summaries(yield* up.check)[0], "its image is another one")
    yield* up.apply
    assert.strictEqual(yield* greeting, "hello")
    assert.deepEqual(yield* up.record, ran)
    assert.strictEqual((yield* build.check)._tag, "Needed")

    // Forth again: what a kept release needs was not taken away.
    yield* prune
    const forth = yield* build.back(second, 2)
    yield* forth.apply
    assert.strictEqual((yield* forth.check)._tag, "Satisfied")
    yield* back.apply

    // Pruned releases let go of their own image, and of nothing else.
    yield* build.forget(second, 2)
    yield* build.forget(second, 2)
    assert.isUndefined(yield* image(keptName(2)))
    assert.isFalse(yield* hasImage(idIn(second)))
    assert.strictEqual(yield* image(keptName(1)), idIn(first))
    const gone = yield* codeOf(forth.check)
    assert.strictEqual(gone.code, "docker.image-gone")
    assert.include(gone.message, "app in release 2")
    yield* build.forget(first, 1)
    assert.isTrue(yield* hasImage(idIn(first)))
    assert.strictEqual(yield* greeting, "hello")
  }).pipe(Effect.provide(layer))

/** Of `Shop 2-staging`: no tag has a space. */
const digestOfPlace = "e2818961"

const text = (path: string) =>
  Effect.flatMap(Target.Target, (machine) =>
    Effect.map(machine.readFile(path), (bytes) => new TextDecoder().decode(bytes))
  )

const secret = "hunter2 hunter2"

const envStep = (values: Record<string, string | Redacted.Redacted<string>>, mode = 0o640) =>
  EnvFile.present("env", { path: ".env", mode, requires: ["SECRET_KEY"], values })

const envFile = ({ env, layer }: ReleaseWorld) =>
  Effect.gen(function* () {
    const machine = yield* Target.Target
    const old = yield* handle(envStep({ DB_NAME: "one" }))
    yield* old.apply
    const part = yield* old.record
    yield* old.keep(part, 7)
    yield* old.keep(part, 7)
    const copies = ".shipshape/kept/Shop%202/staging/7"
    const [copy = ""] = yield* machine.list(copies)
    assert.strictEqual(yield* text(`${copies}/${copy}`), files[".env"])
    assert.strictEqual((yield* machine.stat(`${copies}/${copy}`))?.mode, 0o600)
    assert.strictEqual((yield* machine.stat(copies))?.mode, 0o700)
    assert.strictEqual((yield* machine.stat(".shipshape/kept"))?.mode, 0o700)

    // The next release has another file; the way back plans keys, and never values.
    const next = yield* handle(envStep({ DB_NAME: "two", DB_PASSWORD: Redacted.make(secret) }, 0o600))
    yield* next.apply
    const back = yield* next.back(part, 7)
    const found = yield* back.check
    assert.deepEqual(summaries(found), [
      "mode of .env",
      "change DB_NAME in .env (release 7): its value is another one",
      "remove DB_PASSWORD in .env (release 7)"
    ])
    assert.notInclude(JSON.stringify([found, part, yield* next.record]), secret)
    assert.deepEqual(found._tag === "Needed" && found.touches, ["file:.env", "docker:configuration"])
    yield* back.apply
    yield* back.apply
    assert.strictEqual((yield* back.check)._tag, "Satisfied")
    assert.strictEqual(yield* text(env), files[".env"])
    assert.strictEqual((yield* machine.stat(env))?.mode, 0o640)

    // Comments alone are content too, and a file that is gone comes back.
    yield* machine.writeFile(env, `${files[".env"]}# a note\n`)
    assert.deepEqual(summaries(yield* back.check), ["content of .env (release 7)"])
    yield* machine.remove(env)
    assert.include(summaries(yield* back.check), "create .env (release 7)")
    assert.notDeepEqual(yield* old.look, part)
    yield* back.apply
    assert.deepEqual(yield* old.look, part)

    // A copy that is not what it was is refused before anything changes.
    yield* next.apply
    const before = yield* text(env)
    yield* machine.writeFile(`${copies}/${copy}`, "SECRET_KEY=forged\n")
    assert.strictEqual((yield* codeOf(back.check)).code, "docker.env-file-gone")
    assert.strictEqual((yield* codeOf(back.apply)).code, "docker.env-file-gone")
    assert.strictEqual(yield* text(env), before)
    const moved = yield* codeOf(next.keep(part, 8))
    assert.strictEqual(moved.code, "docker.env-file-moved")
    yield* old.forget(part, 7)
    yield* old.forget(part, 7)
    assert.isUndefined(yield* machine.stat(copies))
  }).pipe(Effect.provide(layer))

const who = (operations: Target.Operations, path: string) =>
  Effect.map(operations.stat(path), (stat) => (stat === undefined ? null : [stat.type, stat.uid, stat.gid, stat.mode]))

const undoEnvFile = ({ env, layer }: ReleaseWorld) =>
  Effect.gen(function* () {
    const machine = yield* Target.Target
    const see = Effect.all([who(machine, env), Effect.orElseSucceed(text(env), () => "")])
    const changed = envStep({ DB_NAME: "two", DB_PASSWORD: Redacted.make(secret) }, 0o600)
    yield* Laws.undo({ step: changed, see, half: machine.setOwnership(env, { mode: 0o600 }) })
    const { undo } = yield* Effect.fromResult(changed.prepare(new Map()))
    assert.notInclude(JSON.stringify(yield* undo?.capture ?? Effect.undefined), "from before")

    // Nine more changes by others, and a retry that has changed the file once more: the first content is still there.
    const captured = yield* undo?.capture ?? Effect.die("no undo")
    const before = yield* see
    for (let i = 0; i < 9; i++) {
      const { apply } = yield* Effect.fromResult(envStep({ DB_NAME: `again ${i}` }).prepare(new Map()))
      yield* apply
    }
    yield* undo?.restore(captured) ?? Effect.void
    assert.deepEqual(yield* see, before)
    const [folder = ""] = yield* machine.list(".shipshape/kept/.undo")
    assert.isAtMost((yield* machine.list(`.shipshape/kept/.undo/${folder}`)).length, 10)
    assert.strictEqual((yield* machine.stat(`.shipshape/kept/.undo/${folder}`))?.mode, 0o700)

    // One that was not there before.
    const made = EnvFile.present("new", { path: "made.env", generate: ["TOKEN"] })
    yield* Laws.undo({ step: made, see: who(machine, env.replace(/\.env$/, "made.env")) })

    // What it held is lost: the file stays as it is, and the error says so.
    const { apply } = yield* Effect.fromResult(changed.prepare(new Map()))
    yield* apply
    yield* machine.remove(".shipshape/kept/.undo")
    const gone = yield* codeOf(undo?.restore(captured) ?? Effect.void)
    assert.strictEqual(gone.code, "docker.env-file-gone")
    assert.include(yield* text(env), "DB_NAME=two")
  }).pipe(Effect.provide(layer))

const undoDirectories = ({ env, layer }: ReleaseWorld) =>
  Effect.gen(function* () {
    const build = yield* handle(built)
    const up = yield* handle(running)
    yield* build.apply
    yield* up.apply
    const app = (yield* Target.Containers).service("app")
    const machine = yield* Target.Target
    const directory = env.replace(/\/\.env$/, "")
    for (const [service, base, place] of [
      ["app", "/srv/files", app],
      [undefined, `${directory}/data`, machine]
    ] as const) {
      yield* place.makeDirectory(`${base}/old`, { uid: 0, gid: 0, mode: 0o711 })
      const step = Storage.directories("storage", {
        ...(service === undefined ? {} : { service }),
        base,
        paths: ["old", "new/a b", "new"],
        owner: 1000,
        mode: 0o750
      })
      const see = Effect.all(["", "/old", "/new", "/new/a b"].map((path) => who(place, `${base}${path}`)))
      yield* Laws.undo({ step, see, half: place.setOwnership(`${base}/old`, { uid: 1000 }) })

      // What somebody has put there meanwhile is not lost.
      const { apply, undo } = yield* Effect.fromResult(step.prepare(new Map()))
      const captured = yield* undo?.capture ?? Effect.die("no undo")
      yield* apply
      yield* place.writeFile(`${base}/new/a b/letter`, "dear")
      const full = yield* codeOf(undo?.restore(captured) ?? Effect.void)
      assert.strictEqual(full.code, "docker.directory-not-empty")
      assert.include(full.message, `${base}/new/a b was made`)
      assert.deepEqual(yield* who(place, `${base}/old`), ["directory", 0, 0, 0o711])
      assert.strictEqual((yield* place.stat(`${base}/new/a b/letter`))?.size, 4)
    }
  }).pipe(Effect.provide(layer))

export const releases: Readonly<Record<string, (world: ReleaseWorld) => Effect.Effect<unknown, unknown>>> = {
  "go back to the image that was kept, and forth": images,
  "go back to the env file that was kept, and name keys alone": envFile,
  "are undone to the env file that was there, whatever its content": undoEnvFile,
  "are undone to the directories that were there, and lose nothing": undoDirectories
}
