import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import { buildInputs } from "../src/internal/buildInputs.ts"

const folder = Effect.acquireRelease(
  Effect.promise(async () => realpath(await mkdtemp(join(tmpdir(), "ss-docker-inputs-")))),
  (directory) => Effect.promise(() => rm(directory, { recursive: true }))
)

describe("what goes into a build", () => {
  it.live("is not what is kept in .shipshape, at any depth, and all else is", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const write = (path: string, text: string) =>
        Effect.promise(async () => {
          await mkdir(join(directory, path, ".."), { recursive: true })
          await writeFile(join(directory, path), text)
        })
      const fingerprint = Effect.gen(function* () {
        const config = { name: "x", services: { app: { build: { context: directory } } } }
        const inputs = yield* buildInputs(yield* Target.TargetProbe, directory, config)
        return inputs.get("app")?.fingerprint
      })
      yield* write("Dockerfile", "FROM scratch")
      yield* write("deploy/run", "1")
      const before = yield* fingerprint
      yield* write(".shipshape/edms/journal", "a line")
      yield* write("deploy/.shipshape/kept/x.env", "A=1")
      assert.strictEqual(yield* fingerprint, before)
      yield* write("deploy/.shipshape.txt", "a file of the application's own")
      assert.notStrictEqual(yield* fingerprint, before)
    }).pipe(Effect.scoped, Effect.provide(Target.local()))
  )
})
