/** Imports a folder, in a process that its test kills: PORT USER PASSWORD DATABASE FOLDER TABLE…. Says what it says. */
import { Progress, Target } from "@shipshape/core"
import { Postgres, PostgresData } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"

const [port = "", user = "", password = "", database = "", directory = "", ...tables] = process.argv.slice(2)

const server = Postgres.server({ port: Number(port), user, password: Redacted.make(password), database })
const load = Effect.flatMap(PostgresData.DataControl, (data) =>
  data.importData({
    directory,
    tables: tables.map((name) => ({ schema: "public", name, exclude: [], existing: "update", initial: [] }))
  })
)
await Effect.runPromise(
  load.pipe(
    Effect.provideService(Progress.Current, { line: (line) => console.log(line) }),
    Effect.provide(Layer.provide(Result.getOrThrow(server.layer(new Map())), Target.local()))
  )
)
