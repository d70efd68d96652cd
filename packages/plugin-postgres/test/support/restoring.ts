/** Restores a backup, in a process that a test kills: `node restoring.ts HOST USER DATABASE FILE`. */
import { Target } from "@shipshape/core"
import { Postgres, PostgresControl } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { layerOf } from "./real.ts"

const [host = "", user = "", database = "", file = ""] = process.argv.slice(2)

const layer = Layer.provide(layerOf(Postgres.server({ host, user, database })), Target.local())

console.log("begins")
await Effect.runPromise(
  Effect.provide(
    Effect.flatMap(PostgresControl.PostgresControl, (control) => control.restore({ file })),
    layer
  )
)
