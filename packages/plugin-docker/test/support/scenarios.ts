/** The laws of every step, on a project that the fake world and a real engine both have. */
import { type Step, Target } from "@shipshape/core"
import { Laws } from "@shipshape/core/testing"
import { Compose, type ComposeControl, type ComposeProbe, EnvFile, Storage } from "@shipshape/plugin-docker"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"

type Services = ComposeProbe | ComposeControl | Target.Containers | Target.Target | Target.TargetProbe

/** The project, and hands to damage it with. */
export interface World {
  readonly layer: Layer.Layer<Services>
  /** All of the world that could be changed. */
  readonly see: Effect.Effect<unknown>
  readonly stop: (service: string) => Effect.Effect<unknown>
  /** Changes a file that goes into the build of `app`. */
  readonly editContext: Effect.Effect<unknown>
  readonly removeImage: (service: string) => Effect.Effect<unknown>
  readonly makeVolume: Effect.Effect<unknown>
}

/** The files of the project, but for the Compose file. */
export const files = {
  ".env": "# kept\nSECRET_KEY='from before'\nDB_NAME=one # kept too\n",
  "app/Dockerfile": 'FROM debian:trixie-slim\nCOPY greeting /greeting\nUSER 1000\nCMD ["sleep", "600"]\n',
  "app/greeting": "hello\n"
}

export const composeFile = `
services:
  db:
    image: debian:trixie-slim
    init: true
    command: ["sleep", "600"]
    stop_grace_period: 1s
    volumes: ["data:/data"]
    healthcheck: { test: ["CMD", "test", "!", "-e", "/tmp/sick"], interval: 1s, start_interval: 1s, start_period: 20s, retries: 1 }
  app:
    build: ./app
    init: true
    stop_grace_period: 1s
    depends_on: { db: { condition: service_healthy } }
volumes: { data: {} }
`

const prepare = <A, E, CheckR, ApplyR>(step: Step.Step<A, E, CheckR, ApplyR, string>) =>
  Effect.flatMap(Effect.fromResult(step.prepare(new Map())), ({ apply }) => apply)

/** The proof that one may write leaves a directory's time behind, and nothing else. */
const who = (operations: Target.Operations, path: string) =>
  Effect.map(operations.stat(path), (stat) => (stat === undefined ? null : [stat.type, stat.uid, stat.gid, stat.mode]))

/** Steps that bring what another step needs. */
const built = Compose.build("images", { services: ["app"] })
const running = Compose.up("all", { services: ["app"] })

export const scenarios: Readonly<Record<string, (world: World) => Effect.Effect<unknown, unknown>>> = {
  "builds what is not built from here": ({ editContext, layer, see }) =>
    Laws.check({ step: built, see, damage: editContext }).pipe(Effect.provide(layer)),

  "builds an image that somebody has removed": ({ layer, removeImage, see }) =>
    Laws.check({ step: built, see, damage: removeImage("app") }).pipe(Effect.provide(layer)),

  "brings services up, and those they depend on": ({ layer, see, stop }) =>
    Effect.andThen(prepare(built), Laws.check({ step: running, see, damage: stop("db") })).pipe(Effect.provide(layer)),

  "stops services": ({ layer, see }) =>
    Effect.gen(function* () {
      yield* prepare(built)
      yield* prepare(running)
      yield* Laws.check({ step: Compose.stop("stop", { services: ["app"] }), see, damage: prepare(running) })
    }).pipe(Effect.provide(layer)),

  "takes a project down": ({ layer, see }) =>
    Effect.gen(function* () {
      yield* prepare(built)
      yield* prepare(running)
      yield* Laws.check({ step: Compose.down("down", {}), see, damage: prepare(running) })
    }).pipe(Effect.provide(layer)),

  "removes volumes, and the containers that use them": ({ layer, makeVolume, see }) =>
    Effect.gen(function* () {
      yield* prepare(built)
      yield* prepare(running)
      yield* Laws.check({ step: Compose.removeVolumes("clean", { volumes: ["data"] }), see, damage: makeVolume })
    }).pipe(Effect.provide(layer)),

  "makes directories in a container": ({ layer, see }) =>
    Effect.gen(function* () {
      yield* prepare(built)
      yield* prepare(running)
      const step = Storage.directories("storage", {
        service: "app",
        base: "/srv/files",
        paths: ["documents", "temp/a b"],
        owner: 1000,
        mode: 0o750
      })
      const containers = yield* Target.Containers
      yield* Laws.check({
        step,
        see: Effect.all([see, who(containers.service("app"), "/srv/files/temp/a b")]),
        damage: containers.service("app").setOwnership("/srv/files/temp/a b", { uid: 0, mode: 0o700 })
      })
    }).pipe(Effect.provide(layer)),

  "keeps an env file": ({ layer, see }) =>
    Effect.gen(function* () {
      const machine = yield* Target.Target
      const step = EnvFile.present("env", {
        path: ".env",
        mode: 0o600,
        requires: ["SECRET_KEY", "DB_NAME"],
        values: { DB_NAME: "two", DB_PASSWORD: Redacted.make('it\'s "$quoted" #1\n\\n') },
        generate: ["TOKEN"]
      })
      yield* Laws.check({
        step,
        see,
        damage: Effect.gen(function* () {
          const { path } = yield* pathOf(step)
          const text = new TextDecoder().decode(yield* machine.readFile(path))
          yield* machine.writeFile(path, text.replace(/^TOKEN=.*$/m, ""))
        })
      })
    }).pipe(Effect.provide(layer))
}

const pathOf = Effect.fnUntraced(function* (step: ReturnType<typeof EnvFile.present>) {
  const { check } = yield* Effect.fromResult(step.prepare(new Map()))
  const found = yield* check
  return found._tag === "Satisfied" ? found.output : yield* Effect.die("the env file is not as it should be")
})
