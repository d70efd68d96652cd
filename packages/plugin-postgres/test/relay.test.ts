import { accessSync, constants, mkdtempSync, rmSync, symlinkSync } from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { type Command, Target } from "@shipshape/core"
import { Postgres, PostgresProbe } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { afterAll, beforeAll } from "vitest"
import { type Embedded, start } from "./support/embedded.ts"
import { layerOf } from "./support/real.ts"

let embedded: Embedded
const folders: Array<string> = []
beforeAll(async () => {
  embedded = await start()
})
afterAll(async () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  await embedded.stop()
})

const systemFolders = ["/usr/bin", "/bin", "/usr/local/bin"]

const find = (program: string): string | undefined =>
  systemFolders
    .map((folder) => path.join(folder, program))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK)
        return true
      } catch {
        return false
      }
    })

/** A container that has these programs alone. */
const having = (...programs: ReadonlyArray<string>) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "shipshape-relay-"))
  folders.push(folder)
  for (const program of ["sh", ...programs]) {
    const file = find(program)
    if (file !== undefined) symlinkSync(file, path.join(folder, program))
  }
  return Layer.provideMerge(
    Layer.effect(
      Target.Containers,
      Effect.map(Target.Target, (machine) => {
        const only = (command: Command.Command): Command.Command => ({
          ...command,
          program: path.join(folder, command.program),
          env: { ...command.env, PATH: folder }
        })
        const inside: Target.Operations = {
          ...machine,
          name: "service db",
          resource: "service:db",
          run: (command) => machine.run(only(command)),
          open: (command) => machine.open(only(command))
        }
        return { service: () => inside, oneOff: () => inside, revision: () => Effect.succeed("1") }
      })
    ),
    Target.local()
  )
}

const ask = (port: number, ...programs: ReadonlyArray<string>) => {
  const { password, user } = embedded
  const plugin = Postgres.inService({
    service: "db",
    user,
    password: Redacted.make(password),
    database: "postgres",
    port
  })
  const probe = PostgresProbe.PostgresProbe
  // Larger than what a pipe or a socket takes at once, both ways.
  const large = "x".repeat(3_000_000)
  return Effect.flatMap(probe, ({ holds }) =>
    holds({ text: "SELECT $1 || '' = repeat('x', 3000000)", values: [large] })
  ).pipe(Effect.provide(Layer.provide(layerOf(plugin), having(...programs))))
}

describe("a connection is carried by", () => {
  for (const [program, ...others] of [["perl"], ["python3"], ["socat"], ["bash", "cat"], ["nc"]]) {
    it.live.skipIf(program === undefined || find(program) === undefined)(String(program), () =>
      Effect.gen(function* () {
        assert.isTrue(yield* ask(embedded.port, String(program), ...others))
      })
    )
  }

  for (const program of ["perl", "python3", "bash"]) {
    it.live.skipIf(find(program) === undefined)(`${program}, which says that nothing listens`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(ask(1, program, "cat"))
        assert.strictEqual(error.code, "postgres.server-not-ready")
        assert.include(error.message, "refused")
      })
    )
  }

  it.live("nothing, where there is no program for it", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(ask(embedded.port))
      assert.strictEqual(error.code, "postgres.tunnel-impossible")
    })
  )
})
