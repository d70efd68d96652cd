/** What a plan of many satisfied steps asks of PostgreSQL, and how long that takes beyond connecting. */
import * as net from "node:net"
import { defineDeployment, Run } from "@shipshape/core"
import { MemoryStore } from "@shipshape/core/testing"
import { Postgres } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { start } from "../packages/plugin-postgres/test/support/embedded.ts"
import { table, time } from "./lib/measure.ts"

const tables = 10

/** As a deployment would write it, and not as the server does. */
const schema = `
CREATE TYPE status AS ENUM ('draft', 'review', 'final');
CREATE TABLE countries (code text PRIMARY KEY);
${Array.from(
  { length: tables },
  (
    _,
    t
  ) => `CREATE TABLE t${t} (id bigint PRIMARY KEY, country text CONSTRAINT f${t} REFERENCES countries, a text CONSTRAINT u${t} UNIQUE,
  ${Array.from({ length: 9 }, (_, c) => `c${c} varchar(${9 + c}) NOT NULL DEFAULT 'a', CONSTRAINT k${t}_${c} CHECK (c${c} IN ('a', 'b'))`).join(", ")});
  ${Array.from({ length: 9 }, (_, c) => `CREATE INDEX i${t}_${c} ON t${t} (lower(c${c})) WHERE c${c} IN ('a', 'b');`).join(" ")}`
).join(";\n")}`

const steps = function* () {
  for (let t = 0; t < tables; t++) {
    yield* Postgres.enum(`enum-${t}`, { name: "status", labels: ["draft", "review", "final"] })
    yield* Postgres.foreignKey(`fk-${t}`, {
      table: `t${t}`,
      name: `f${t}`,
      columns: ["country"],
      references: { table: "countries" }
    })
    yield* Postgres.unique(`unique-${t}`, { table: `t${t}`, name: `u${t}`, columns: ["a"] })
    for (let c = 0; c < 9; c++) {
      const [where, column] = [`c${c} IN ('a', 'b')`, { table: `t${t}`, name: `c${c}`, type: `varchar(${9 + c})` }]
      yield* Postgres.column(`column-${t}-${c}`, { ...column, nullable: false, default: "'a'" })
      yield* Postgres.check(`check-${t}-${c}`, { table: `t${t}`, name: `k${t}_${c}`, expression: where })
      yield* Postgres.index(`index-${t}-${c}`, {
        table: `t${t}`,
        name: `i${t}_${c}`,
        columns: [{ expression: `lower(c${c})` }],
        where
      })
    }
  }
}

/** Lets a connection through, and counts the messages in which queries are sent. */
const counting = (port: number) =>
  new Promise<{ readonly port: number; readonly counts: { queries: number }; readonly close: () => void }>(
    (resolve) => {
      const counts = { queries: 0 }
      const server = net.createServer((client) => {
        const upstream = net.connect(port, "127.0.0.1")
        client.on("data", (data) => {
          // Each statement is parsed once: a message "P" of its own.
          counts.queries += parses(data)
          upstream.write(data)
        })
        upstream.pipe(client)
        for (const one of [client, upstream]) one.on("error", () => {})
        client.on("close", () => upstream.destroy())
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        if (address === null || typeof address === "string") throw new Error("no port")
        resolve({ port: address.port, counts, close: () => server.close() })
      })
    }
  )

const control = /^(?:BEGIN|COMMIT|ROLLBACK|SAVEPOINT)/

/** The statements of a piece of the protocol beside those that only bound a transaction. */
const parses = (data: Buffer): number => {
  let found = 0
  for (let at = 0; at + 5 <= data.length; ) {
    const length = data.readInt32BE(at + 1)
    if (length < 4) return found
    if (data[at] === 0x50) {
      const name = data.indexOf(0, at + 5)
      const text = data.toString("utf8", name + 1, Math.min(name + 24, data.length))
      if (!control.test(text)) found += 1
    }
    at += 1 + length
  }
  return found
}

export const benchPostgresSteps = async (): Promise<void> => {
  const embedded = await start()
  const database = await embedded.createDatabase()
  await embedded.sql(database, schema)
  const proxy = await counting(embedded.port)
  const { password, user } = embedded
  const deployment = (connection: number) =>
    defineDeployment(
      "bench",
      {
        environments: { staging: { data: "disposable" } },
        plugins: () => [Postgres.server({ port: connection, user, password: Redacted.make(password), database })]
      },
      steps
    )
  const planned = (port: number) =>
    Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const session = yield* Run.open(deployment(port), {
            environment: "staging",
            store: MemoryStore.layer(MemoryStore.make())
          })
          const { summary, steps: all } = yield* session.plan
          const connected = performance.now()
          if (summary.none !== all.length) throw new Error(`not satisfied: ${JSON.stringify(summary)}`)
          const [before, cpu] = [proxy.counts.queries, process.cpuUsage()]
          yield* session.plan
          const used = process.cpuUsage(cpu)
          return {
            cpu: (used.user + used.system) / 1_000,
            steps: all.length,
            again: performance.now() - connected,
            queries: proxy.counts.queries - before
          }
        })
      )
    )
  const { queries, steps: size } = await planned(proxy.port)
  const [again, cpu]: [Array<number>, Array<number>] = [[], []]
  const all = await time(9, async () => {
    const one = await planned(embedded.port)
    again.push(one.again)
    cpu.push(one.cpu)
  })
  const median = (values: ReadonlyArray<number>) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
  table(
    "A plan of steps that PostgreSQL satisfies already (medians)",
    ["steps", "queries", "ms plan, connected", "ms of it CPU here", "ms open, connect, plan twice"],
    [[String(size), queries, median(again), median(cpu), all]]
  )
  proxy.close()
  await embedded.stop()
}
