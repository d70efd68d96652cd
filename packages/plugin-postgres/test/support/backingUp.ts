/** Takes a backup, in a process that its test kills: HOST USER DATABASE FOLDER FORMAT. */
import { Target } from "@shipshape/core"
import { Postgres, PostgresControl } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { layerOf } from "./real.ts"

const [host = "", user = "", database = "", directory = "", format = ""] = process.argv.slice(2)

const layer = Layer.provide(layerOf(Postgres.server({ host, user, database })), Target.local())
const take = Effect.flatMap(PostgresControl.PostgresControl, (control) =>
  control.backup({ directory, drill: false, keep: 9, format: format === "directory" ? "directory" : "custom", jobs: 2 })
)
await Effect.runPromise(Effect.provide(take, layer))
