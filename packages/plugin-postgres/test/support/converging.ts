/** Makes a schema the expected one, in a process that a test kills: `node converging.ts PORT PASSWORD DATABASE FILE`. */
import { Target } from "@shipshape/core"
import { Postgres } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"

const [port = "", password = "", database = "", expected = ""] = process.argv.slice(2)

const plugin = Postgres.server({ port: Number(port), user: "postgres", password: Redacted.make(password), database })
const layer = Layer.provideMerge(Result.getOrThrow(plugin.layer(new Map())), Target.local())

const converge = Effect.flatMap(
  Effect.fromResult(Postgres.compare("x", { expected, mode: "converge" }).prepare(new Map())),
  (prepared) => prepared.apply
)
await Effect.runPromise(Effect.provide(converge, layer))
