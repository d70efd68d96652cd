/**
 * A document service on this machine: its database, its schema, its storage, its process, and the proof that it works.
 *
 *   QUICKSTART_PASSWORD=secret node deploy.ts plan --env local
 *
 * The tour, `npm run quickstart`, stops and removes at its end all that this has made.
 */
import { fileURLToPath } from "node:url"
import { defineDeployment, FileStore, Input, parallel } from "@shipshape/core"
import { main } from "@shipshape/core/cli"
import { Health } from "@shipshape/plugin-health"
import { Postgres } from "@shipshape/plugin-postgres"
import { Local } from "./local/index.ts"
import * as schema from "./schema.ts"

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

const deployment = defineDeployment(
  "documents",
  {
    environments: { local: { data: "disposable" } },
    inputs: {
      password: Input.secret("QUICKSTART_PASSWORD"),
      databasePort: Input.integer("QUICKSTART_DATABASE_PORT", { default: 54_320 }),
      servicePort: Input.integer("QUICKSTART_SERVICE_PORT", { default: 58_080 })
    },
    plugins: ({ inputs }) => [
      Local.machine({ directory: here(".data") }),
      Postgres.server({
        user: "postgres",
        database: "postgres",
        password: inputs.password,
        port: inputs.databasePort,
        resource: "postgres:server"
      }),
      Health.checks({})
    ],
    // With all else that the tour makes, and that it removes.
    store: () => FileStore.plugin({ directory: here(".data/shipshape") })
  },
  function* ({ inputs: { databasePort, password, servicePort } }) {
    // The database, from nothing. Until it runs, a plan says of the steps below: known after “database”.
    yield* Local.postgres("database", { port: databasePort, password })

    // Independent of each other: they run at the same time.
    yield* parallel([
      Postgres.extension("trigrams", { name: "pg_trgm" }),
      Postgres.enum("status", { name: "document_status", labels: ["draft", "final"] }),
      Postgres.sql("table", schema.table)
    ])
    // One after the other: the column needs both the table and the enum.
    yield* Postgres.column("status-column", { table: "documents", name: "status", type: "document_status" })
    yield* Postgres.sql("documents", schema.firstDocuments)

    yield* Local.directory("storage", { path: here(".data/storage"), mode: 0o750 })
    const service = yield* Local.service("service", {
      name: "documents",
      file: here("service/server.ts"),
      port: servicePort,
      env: {
        PGHOST: "127.0.0.1",
        PGPORT: databasePort.map(String),
        PGUSER: "postgres",
        PGPASSWORD: password,
        STORAGE: here(".data/storage")
      }
    })

    // Green means: it answers, it has read the documents from the database, and it may write to its storage.
    yield* parallel([
      Health.tcp("port", { host: "127.0.0.1", port: service.map(({ port }) => port) }),
      Health.http("health", {
        url: service.map(({ url }) => `${url}/health/`),
        body: { json: { storage: "writable", documents: 3 } },
        timeout: "20 seconds"
      })
    ])
    return { url: service.map(({ url }) => url) }
  }
)

export default deployment

if (import.meta.main) await main(deployment)
