/** The ways to say where a server is, and to be sure that it is the one. */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Attempt } from "@shipshape/core"
import { Postgres } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import { afterAll, beforeAll } from "vitest"
import { apply, forThisFile, type Options, server, serverLayer } from "./support/database.ts"
import { poolerTo } from "./support/pooler.ts"

const database = forThisFile()

const root = fs.mkdtempSync(path.join(os.tmpdir(), "shipshape-ways-"))
afterAll(() => fs.rmSync(root, { recursive: true, force: true }))

let made = 0
const write = (text: string, mode = 0o600): string => {
  const file = path.join(root, `file-${++made}`)
  fs.writeFileSync(file, text, { mode })
  fs.chmodSync(file, mode)
  return file
}

/** With these variables, and none of `PG*` beside them. */
const withVariables =
  (variables: Readonly<Record<string, string>>) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        const before = { ...process.env }
        for (const name of Object.keys(process.env)) if (name.startsWith("PG")) delete process.env[name]
        Object.assign(process.env, { HOME: root, ...variables })
        return before
      }),
      () => effect,
      (before) =>
        Effect.sync(() => {
          for (const name of Object.keys(process.env)) delete process.env[name]
          Object.assign(process.env, before)
        })
    )

const reach = (options: Options) => Effect.provide(server, serverLayer(options))
const refused = (options: Options) => Effect.flip(reach(options))
/** As a password file needs it. */
const escaped = (text: string) => text.replace(/[\\:]/g, "\\$&")

describe("a connection goes by", () => {
  it.live("the variables PG*, where they are asked for", () =>
    Effect.gen(function* () {
      const { password, port, user } = database.embedded()
      const variables = {
        PGHOST: "127.0.0.1",
        PGPORT: String(port),
        PGUSER: user,
        PGPASSWORD: password,
        PGDATABASE: database.name()
      }
      yield* Effect.gen(function* () {
        assert.strictEqual((yield* reach({ environment: true })).database, database.name())
        assert.strictEqual((yield* reach({ environment: true, database: "postgres" })).database, "postgres")
        // Whoever deploys has them by chance.
        assert.strictEqual((yield* refused({})).code, "postgres.connection-options-invalid")
      }).pipe(withVariables(variables))
    })
  )

  it.live("a service, and what is given beside it wins", () =>
    Effect.gen(function* () {
      const { password, port, user } = database.embedded()
      const file = write(
        `# services\n[other]\nhost=nowhere\n\n[shop]\nhost=127.0.0.1\nport=${port}\nuser = ${user}\npassword=${password}\ndbname=${database.name()}\n`
      )
      yield* Effect.gen(function* () {
        assert.strictEqual((yield* reach({ pgService: "shop" })).database, database.name())
        assert.strictEqual((yield* reach({ pgService: "shop", database: "postgres" })).database, "postgres")
        assert.include((yield* refused({ pgService: "shopp" })).message, "there is no service shopp in")
      }).pipe(withVariables({ PGSERVICEFILE: file }))
      yield* withVariables({ PGSERVICEFILE: file, PGSERVICE: "shop" })(reach({ environment: true }))
      const odd = write("[shop]\nhost=a,b\nuser=u\ndbname=d\n[mode]\nsslmode=prefer\n[port]\nport=x\n")
      yield* Effect.gen(function* () {
        assert.include((yield* refused({ pgService: "shop" })).message, "several hosts")
        assert.include((yield* refused({ pgService: "mode" })).message, "sslmode=prefer")
        assert.include((yield* refused({ pgService: "port" })).message, "the port in service port")
      }).pipe(withVariables({ PGSERVICEFILE: odd }))
    })
  )

  it.live("a password file, which others may not read", () =>
    Effect.gen(function* () {
      const { password, port, user } = database.embedded()
      const content = `# a comment\n127.0.0.1:${port}:other:${user}:wrong\n*:${port}:${database.name()}:${user}:${escaped(password)}\n*:*:*:*:late\n`
      const given = { host: "127.0.0.1", port, user, database: database.name() }
      assert.strictEqual((yield* reach({ ...given, passwordFile: write(content) })).database, database.name())
      const open = yield* refused({ ...given, passwordFile: write(content, 0o644) })
      assert.include(open.message, "can be read by others (mode 644)")
      assert.include(open.hint, "chmod 600")
      assert.strictEqual(
        (yield* refused({ ...given, passwordFile: write("*:*:*:*:wrong\n") })).code,
        "postgres.authentication-failed"
      )
      assert.strictEqual(
        (yield* refused({ ...given, passwordFile: write("h:1:d:u:p\n") })).code,
        "postgres.authentication-failed"
      )
      assert.include((yield* refused({ ...given, passwordFile: path.join(root, "none") })).message, "(ENOENT)")
      // As libpq finds it.
      fs.writeFileSync(path.join(root, ".pgpass"), content, { mode: 0o600 })
      yield* withVariables({ PGHOST: "127.0.0.1", PGPORT: String(port), PGUSER: user, PGDATABASE: database.name() })(
        reach({ environment: true })
      )
    })
  )
})

describe("an encrypted connection", () => {
  const openssl = (...args: ReadonlyArray<string>) => execFileSync("openssl", args, { cwd: root, stdio: "ignore" })

  /** Two authorities, of which one has signed the server's certificate, for `localhost` alone. */
  beforeAll(async () => {
    for (const name of ["ca", "other"]) {
      openssl(
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        `${name}.key`,
        "-out",
        `${name}.crt`,
        "-subj",
        `/CN=${name}`,
        "-days",
        "2"
      )
    }
    fs.writeFileSync(path.join(root, "ext"), "subjectAltName=DNS:localhost\n")
    openssl(
      "req",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-keyout",
      "server.key",
      "-out",
      "server.csr",
      "-subj",
      "/CN=localhost"
    )
    openssl(
      "x509",
      "-req",
      "-in",
      "server.csr",
      "-CA",
      "ca.crt",
      "-CAkey",
      "ca.key",
      "-CAcreateserial",
      "-out",
      "server.crt",
      "-days",
      "2",
      "-extfile",
      "ext"
    )
    const { socketFolder, sql } = database.embedded()
    const data = path.join(socketFolder, "data")
    const { gid, uid } = fs.statSync(data)
    for (const name of ["server.crt", "server.key"]) {
      fs.copyFileSync(path.join(root, name), path.join(data, name))
      fs.chownSync(path.join(data, name), uid, gid)
      fs.chmodSync(path.join(data, name), 0o600)
    }
    await sql("postgres", "ALTER SYSTEM SET ssl = on")
    await sql("postgres", "SELECT pg_reload_conf()")
    while ((await sql("postgres", "SHOW ssl")).rows[0].ssl !== "on")
      await new Promise((resolve) => setTimeout(resolve, 20))
  })

  const ca = path.join(root, "ca.crt")

  it.live("checks as much of the server as it is told", () =>
    Effect.gen(function* () {
      const tls = (options: Options) => Effect.provide(server, database.layer(options))
      const encrypted = Effect.map(
        database.sql(
          "SELECT count(*)::int AS n FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) WHERE s.ssl AND a.application_name LIKE 'shipshape%'"
        ),
        ({ rows }): number => rows[0].n
      )
      const isEncrypted = Effect.andThen(server, encrypted)
      assert.strictEqual(yield* Effect.provide(isEncrypted, database.layer()), 0)
      assert.strictEqual(yield* Effect.provide(isEncrypted, database.layer({ tls: "require" })), 1)
      yield* tls({ host: "localhost", tls: "verify-full", ca })
      yield* tls({ host: "127.0.0.1", tls: "verify-ca", ca })
      yield* tls({ host: "127.0.0.1", tls: "require", ca })
      const wrong: ReadonlyArray<readonly [Options, RegExp]> = [
        [{ host: "127.0.0.1", tls: "verify-full", ca }, /does not match certificate/],
        [{ host: "localhost", tls: "verify-full" }, /not encrypted as it should be/],
        [{ host: "localhost", tls: "verify-ca", ca: path.join(root, "other.crt") }, /not encrypted as it should be/],
        [{ host: "localhost", tls: "require", ca: path.join(root, "other.crt") }, /not encrypted as it should be/]
      ]
      for (const [options, message] of wrong) {
        const error = yield* Effect.flip(tls(options))
        assert.strictEqual(error.code, "postgres.tls-refused", JSON.stringify(options))
        assert.match(error.message, message)
        assert.include(error.hint, "`ca`")
      }
      const url = `postgres://postgres:${encodeURIComponent(database.embedded().password)}@localhost:${database.embedded().port}/${database.name()}`
      yield* reach({ url: `${url}?sslmode=verify-full&sslrootcert=${encodeURIComponent(ca)}` })
    })
  )

  it.live("needs a file that has certificates, and a server that has one", () =>
    Effect.gen(function* () {
      assert.include(
        (yield* refused({ user: "u", database: "d", tls: "verify-ca", ca: path.join(root, "none") })).message,
        "(ENOENT)"
      )
      assert.include(
        (yield* refused({ user: "u", database: "d", tls: "verify-ca", ca: write("x") })).message,
        "holds no certificate"
      )
      yield* database.sql("ALTER SYSTEM SET ssl = off")
      yield* database.sql("SELECT pg_reload_conf()")
      const off = database.sql("SHOW ssl")
      yield* Effect.repeat(off, { until: ({ rows }) => rows[0].ssl === "off" })
      const error = yield* Effect.flip(Effect.provide(server, database.layer({ tls: "require" })))
      assert.strictEqual(error.code, "postgres.tls-refused")
      assert.include(error.message, "does not support SSL")
    })
  )
})

describe("a session", () => {
  it.live("says for which deployment and run it works", () =>
    Effect.gen(function* () {
      const step = Postgres.sql("x", {
        apply: "CREATE TABLE names AS SELECT application_name FROM pg_stat_activity WHERE pid = pg_backend_pid()",
        done: "SELECT to_regclass('names') IS NOT NULL"
      })
      const attempt = { deployment: "shop", environment: "production", run: 12, step: "x", attempt: 1, key: "k" }
      yield* apply(step).pipe(Effect.provideService(Attempt.Current, attempt), Effect.provide(database.layer()))
      const { rows } = yield* database.sql("SELECT application_name AS name FROM names")
      assert.match(rows[0].name, /^shipshape writing \w{8} shop\/production run 12$/)
    })
  )

  it.live("that a pooler shares with others changes nothing", () =>
    Effect.gen(function* () {
      const { password, port, user } = database.embedded()
      const own = { host: "127.0.0.1", port, user, password, database: database.name() }
      const change = apply(Postgres.sql("x", { apply: "CREATE TABLE pooled ()", done: "SELECT true" }))
      const shared = yield* poolerTo(own, "transaction")
      const error = yield* Effect.flip(Effect.provide(change, database.layer({ port: shared })))
      assert.strictEqual(error.code, "postgres.pooler-in-between")
      assert.include(error.hint, "the server's own address")
      assert.strictEqual((yield* database.sql("SELECT to_regclass('pooled') IS NULL AS none")).rows[0].none, true)
      yield* Effect.provide(change, database.layer({ port: yield* poolerTo(own, "session") }))
    }).pipe(Effect.scoped)
  )
})
