/** The tour: a deployment from nothing, again, damaged by hand, repaired, verified, and cleared away. */
import { randomBytes } from "node:crypto"
import { chmod } from "node:fs/promises"
import * as net from "node:net"
import { fileURLToPath } from "node:url"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import pg from "pg"
import { layer, MachineControl } from "./local/index.ts"
import { act, expect, paragraph, pending, screen, title, typed } from "./stage.ts"

const data = fileURLToPath(new URL(".data", import.meta.url))

/** Stops whatever a tour has started, and removes it. */
const clear = Effect.flatMap(MachineControl, (machine) => machine.clear).pipe(Effect.provide(layer(data)))

const freePort = Effect.callback<number>((resume) => {
  const server = net.createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    server.close(() => resume(Effect.succeed(address !== null && typeof address === "object" ? address.port : 0)))
  })
})

const fetchText = (url: string) => Effect.promise(async () => (await (await fetch(url)).text()).trim())

const sql = (port: number, password: string, statement: string) =>
  Effect.promise(async () => {
    const client = new pg.Client({ host: "127.0.0.1", port, password, user: "postgres", database: "postgres" })
    await client.connect()
    await client.query(statement).finally(() => client.end())
  })

const tour = Effect.gen(function* () {
  const begun = performance.now()
  yield* clear
  const [databasePort, servicePort] = [yield* freePort, yield* freePort]
  const password = randomBytes(16).toString("hex")
  const variables = {
    QUICKSTART_PASSWORD: password,
    QUICKSTART_DATABASE_PORT: `${databasePort}`,
    QUICKSTART_SERVICE_PORT: `${servicePort}`
  }
  const search = `http://127.0.0.1:${servicePort}/search?q=anual+reprot`

  yield* title(
    "Shipshape: a deployment from nothing, in five acts",
    "a database, its schema, a service, health checks: examples/quickstart/deploy.ts"
  )

  yield* act(1, "What would it take? A plan looks, and changes nothing.")
  yield* typed("shipshape plan --env local")
  const one = screen(variables)
  const first = yield* one((session) => session.plan)
  yield* expect(pending(first).length === 10, "the first plan has ten steps to apply or to find out about")

  yield* act(2, "Apply: after each step the engine checks that it holds.")
  yield* typed("shipshape apply --env local")
  const built = yield* one((session) => session.apply())
  yield* expect(built.applied.length >= 8, "what was not there has been applied")
  const answer = yield* fetchText(search)
  yield* typed(`curl '${search}'`, answer)
  yield* expect(answer.includes("Annual report"), "the service finds a document in spite of two typing errors")

  yield* act(3, "Again: nothing to do.")
  yield* typed("shipshape apply --env local")
  const again = yield* screen(variables)((session) => session.apply())
  yield* expect(again.applied.length === 0 && pending(again).length === 0, "a second apply applies nothing")

  yield* act(4, "Somebody breaks two things by hand. The plan names them.")
  yield* sql(databasePort, password, "DROP EXTENSION pg_trgm")
  yield* Effect.promise(() => chmod(`${data}/storage`, 0o777))
  yield* typed("psql -c 'DROP EXTENSION pg_trgm' && chmod 777 storage")
  yield* typed(`curl '${search}'`, yield* fetchText(search))
  yield* typed("shipshape plan --env local")
  const two = screen(variables)
  const broken = yield* two((session) => session.plan)
  yield* expect(pending(broken).join() === "trigrams,storage", "the plan names the extension and the directory alone")

  yield* act(5, "Apply repairs these two, and verify takes nothing for granted.")
  yield* typed("shipshape apply --env local")
  const repaired = yield* two((session) => session.apply())
  yield* expect(repaired.applied.join() === "trigrams,storage", "what was broken has been repaired, and no more")
  yield* typed("shipshape verify --env local")
  const verified = yield* screen(variables)((session) => session.verify)
  yield* expect(pending(verified).length === 0, "everything is in order")
  yield* typed(`curl '${search}'`, yield* fetchText(search))

  return ((performance.now() - begun) / 1000).toFixed(1)
})

const interruption = new AbortController()
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => interruption.abort())

const told = Effect.ensuring(tour, Effect.orDie(clear)).pipe(
  Effect.tap((seconds) => paragraph(`All of it held, in ${seconds} s. Everything is stopped and removed again.`))
)
const exit = await Effect.runPromiseExit(told, { signal: interruption.signal })
if (Exit.isFailure(exit)) {
  const interrupted = Cause.hasInterrupts(exit.cause)
  console.error(interrupted ? "\ninterrupted: everything is stopped and removed" : `\n✗ ${Cause.squash(exit.cause)}`)
  process.exitCode = interrupted ? 130 : 1
}
