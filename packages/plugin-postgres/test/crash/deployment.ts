/** The deployment that is killed: a real database, real files, real processes. */
import { defineDeployment, Input, onFresh, optional, parallel } from "@shipshape/core"
import { Postgres } from "@shipshape/plugin-postgres"
import * as Schedule from "effect/Schedule"
import * as steps from "./steps.ts"

const rows = 500

/** What is there before the first run, in the database. */
export const before = `
CREATE TYPE kind AS ENUM ('invoice', 'letter');
CREATE TABLE people (id int PRIMARY KEY, name text, legacy text);
INSERT INTO people SELECT n, 'person ' || n, 'x' FROM generate_series(1, 20) n;
CREATE TABLE settings (name text PRIMARY KEY, value text);
INSERT INTO settings VALUES ('theme', 'light'), ('limit', '10');`

const at = (path: string) => `${steps.application}/${path}`

/** The environment's names, by which the sweep gives the inputs. */
export const variables = {
  port: "CRASH_PORT",
  password: "CRASH_PASSWORD",
  database: "CRASH_DATABASE",
  greeting: "CRASH_GREETING"
} as const

/** Which deployment it is. */
export interface Version {
  /** Another step stands in it: the same deployment, later. */
  readonly more?: boolean
  /** What takes time takes this many times as long. */
  readonly slow?: number
}

export const make = ({ more = false, slow = 1 }: Version = {}) =>
  defineDeployment(
    "crash",
    {
      environments: { staging: { data: "disposable" } },
      inputs: {
        port: Input.integer(variables.port),
        password: Input.secret(variables.password),
        database: Input.string(variables.database),
        greeting: Input.string(variables.greeting)
      },
      plugins: ({ inputs }) => [
        steps.plugin({}),
        Postgres.server({
          user: "postgres",
          port: inputs.port,
          password: inputs.password,
          database: inputs.database,
          resource: "postgres:server"
        })
      ]
    },
    function* ({ inputs: { greeting } }) {
      yield* Postgres.ready("ready", {})
      yield* onFresh(steps.wipe("wipe", {}))
      yield* steps.notify("told-beginning", { text: "it begins" })

      const extension = yield* Postgres.extension("trigrams", { name: "pg_trgm" })
      yield* parallel([
        Postgres.extension("fuzzy", { name: "fuzzystrmatch" }),
        Postgres.enum("status", { name: "status", labels: ["draft", "final", "archived"] }),
        Postgres.enum("kinds", { name: "kind", labels: ["invoice", "order", "letter", "memo", "photo", "other"] }),
        Postgres.sql("documents", {
          apply: "CREATE TABLE documents (id int PRIMARY KEY, title text NOT NULL)",
          done: "SELECT to_regclass('documents') IS NOT NULL",
          risk: "additive"
        }),
        Postgres.sql("visits", {
          apply: "CREATE TABLE visits (day date, person int)",
          done: "SELECT to_regclass('visits') IS NOT NULL",
          risk: "additive"
        }),
        Postgres.sql("people", {
          apply: "CREATE TABLE IF NOT EXISTS people (id int PRIMARY KEY, name text)",
          done: "SELECT to_regclass('people') IS NOT NULL",
          risk: "additive"
        })
      ])
      yield* Postgres.column("status-column", {
        table: "documents",
        name: "status",
        type: "status",
        default: "'draft'"
      })
      yield* parallel([
        Postgres.column("kind-column", { table: "documents", name: "kind", type: "kind" }),
        Postgres.column("tags-column", { table: "documents", name: "tags", type: "text[]", default: "'{}'" })
      ])
      yield* Postgres.sql("first-documents", {
        apply: `INSERT INTO documents (id, title, status) SELECT n, 'document ' || n, 'final' FROM generate_series(1, ${rows}) n`,
        done: `SELECT count(*) = ${rows} FROM documents WHERE id > 0`,
        risk: "additive"
      })
      // No key keeps a second one out, and it takes its time.
      yield* Postgres.sql("first-visits", {
        apply:
          "INSERT INTO visits SELECT date '2026-01-01' + n, n FROM generate_series(1, 12) n WHERE pg_sleep(0.01 * $1) IS NOT NULL",
        params: [slow],
        done: "SELECT count(*) >= 12 FROM visits",
        risk: "additive"
      })
      yield* Postgres.sql("archive", {
        apply: "UPDATE documents SET status = 'archived' WHERE id % 10 = 0 AND status <> 'archived'",
        done: "SELECT count(*) = 0 FROM documents WHERE id % 10 = 0 AND status <> 'archived'"
      })
      yield* Postgres.sql("search", {
        apply: `DO $$ BEGIN
          CREATE TABLE words (word text PRIMARY KEY, found int NOT NULL);
          INSERT INTO words SELECT word, count(*) FROM documents, unnest(string_to_array(title, ' ')) word GROUP BY word;
          CREATE INDEX words_like ON words USING gin (word gin_trgm_ops);
        END $$`,
        done: "SELECT to_regclass('words_like') IS NOT NULL",
        risk: "additive"
      })
      yield* Postgres.destructiveSql("drop-legacy", {
        apply: "ALTER TABLE people DROP COLUMN legacy",
        done: "SELECT NOT EXISTS (SELECT FROM information_schema.columns WHERE table_name = 'people' AND column_name = 'legacy')"
      })

      yield* steps.directory("application", { path: steps.application, mode: 0o755 })
      yield* steps.directory("media", { path: at("media"), mode: 0o750 })
      yield* parallel([
        steps.file("config", {
          path: at("config.json"),
          content: greeting.map((g) => `{ "greeting": "${g}" }\n`),
          mode: 0o644
        }),
        steps.file("environment", { path: at(".env"), content: "DEBUG=0\n", mode: 0o640 }),
        steps.file("start", { path: at("start.sh"), content: "#!/bin/sh\nexec true\n", mode: 0o755 }),
        steps.notify("told-middle", { text: "half of it is there" })
      ])
      const pages = yield* steps.render("pages", { path: at("pages"), pages: 6, pause: 0.03 * slow })
      yield* steps.flaky("cache", { path: at("cache") }, { retry: Schedule.recurs(2) })
      yield* optional(steps.hopeless("warm-up", {}), "nothing depends on it")
      if (more) yield* steps.directory("more", { path: at("more"), mode: 0o755 })
      yield* steps.file(
        "manifest",
        {
          path: at("manifest"),
          content: pages.map(({ bytes }) => `pages: ${bytes} bytes\n`),
          mode: 0o444
        },
        { after: [extension] }
      )
      yield* Postgres.sql("release-row", {
        apply: "INSERT INTO documents (id, title, status) VALUES (-1, 'release', 'final')",
        done: "SELECT EXISTS (SELECT FROM documents WHERE id = -1)",
        risk: "additive"
      })
      yield* steps.notify("told-end", { text: "it is done" })
      return { bytes: pages.map(({ bytes }) => bytes) }
    }
  )
