/** What libpq would take from files and variables of whoever deploys: services, `PG*`, passwords. */
import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import type { ConnectionOptionsInvalid } from "../PostgresError.ts"
import { type Given, invalid, isTls, modes } from "./given.ts"

type Failing<A> = Effect.Effect<A, ConnectionOptionsInvalid>

/** Variables by their names. */
export type Variables = Readonly<Record<string, string | undefined>>

const textOf = (file: string, what: string): Failing<string> =>
  Effect.tryPromise({
    try: () => fs.readFile(file, "utf8"),
    catch: (cause) =>
      invalid(
        `${what} ${file} cannot be read${Predicate.hasProperty(cause, "code") ? ` (${String(cause.code)})` : ""}`,
        "correct its path, or its rights"
      )
  })

/** The certificates that a server's own is checked against. */
export const certificates = (file: string): Failing<string> =>
  Effect.flatMap(textOf(file, "the file of certificates"), (text) =>
    text.includes("-----BEGIN CERTIFICATE-----")
      ? Effect.succeed(text)
      : Effect.fail(invalid(`${file} holds no certificate`, "give a file in the PEM format"))
  )

/** What the keys of a service, or the endings of `PG*`, say. */
const given = (values: Variables, where: string): Failing<Given> =>
  Effect.gen(function* () {
    const mode = values.sslmode
    if (mode !== undefined && !isTls(mode)) {
      return yield* invalid(`sslmode=${mode} in ${where} is not supported`, `use ${modes.join(", ")}`)
    }
    const port = values.port
    if (port !== undefined && !/^[1-9]\d{0,4}$/.test(port)) {
      return yield* invalid(`the port in ${where} is none`, "give one number")
    }
    if (values.host?.includes(",") === true) {
      return yield* invalid(`${where} names several hosts`, "name the one to deploy to")
    }
    return {
      host: values.hostaddr ?? values.host,
      port: port === undefined ? undefined : Number(port),
      user: values.user,
      password: values.password === undefined ? undefined : Redacted.make(values.password),
      database: values.dbname,
      tls: mode,
      ca: values.sslrootcert,
      passwordFile: values.passfile
    }
  })

const fromVariables: Readonly<Record<string, string>> = {
  PGHOST: "host",
  PGHOSTADDR: "hostaddr",
  PGPORT: "port",
  PGUSER: "user",
  PGPASSWORD: "password",
  PGDATABASE: "dbname",
  PGSSLMODE: "sslmode",
  PGSSLROOTCERT: "sslrootcert",
  PGPASSFILE: "passfile"
}

/** What the variables `PG*` say; `~/.pgpass` is theirs, too. */
export const environment = (variables: Variables): Failing<Given> =>
  Effect.gen(function* () {
    const values = Object.entries(fromVariables).flatMap(([name, key]) => {
      const value = variables[name]
      return value === undefined || value === "" ? [] : [[key, value] as const]
    })
    const own = yield* given(Object.fromEntries(values), "the environment")
    const file = path.join(variables.HOME ?? os.homedir(), ".pgpass")
    const isThere = yield* Effect.promise(() =>
      fs.access(file).then(
        () => true,
        () => false
      )
    )
    return { ...own, pgService: variables.PGSERVICE, passwordFile: own.passwordFile ?? (isThere ? file : undefined) }
  })

/** What a section of the service file says. */
export const service = (name: string, variables: Variables): Failing<Given> =>
  Effect.gen(function* () {
    const home = path.join(variables.HOME ?? os.homedir(), ".pg_service.conf")
    const folder = variables.PGSYSCONFDIR
    const candidates = [
      variables.PGSERVICEFILE ?? home,
      ...(folder === undefined ? [] : [path.join(folder, "pg_service.conf")])
    ]
    for (const file of candidates) {
      const text = yield* Effect.orElseSucceed(textOf(file, "the service file"), () => undefined)
      const values = text === undefined ? undefined : section(text, name)
      if (values !== undefined) return yield* given(values, `service ${name} of ${file}`)
    }
    return yield* invalid(
      `there is no service ${name} in ${candidates.join(" or ")}`,
      "correct its name, or say with PGSERVICEFILE where the file is"
    )
  })

const section = (text: string, name: string): Variables | undefined => {
  let inside = false
  let found: Record<string, string> | undefined
  for (const line of text.split("\n").map((one) => one.trim())) {
    const head = /^\[(.*)\]$/.exec(line)?.[1]
    if (head !== undefined) {
      inside = head === name
      if (inside) found ??= {}
    } else if (inside && found !== undefined && line !== "" && !line.startsWith("#")) {
      const [, key, value] = /^([^=\s]+)\s*=\s*(.*)$/.exec(line) ?? []
      if (key !== undefined && value !== undefined) found[key] = value
    }
  }
  return found
}

/** Who asks for a password. */
export interface Asked {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
}

/** The password that a file has for a connection, if it has one. A file that others may read is refused, as libpq does. */
export const password = (file: string, asked: Asked): Failing<Redacted.Redacted<string> | undefined> =>
  Effect.gen(function* () {
    const text = yield* textOf(file, "the password file")
    const { mode } = yield* Effect.promise(() => fs.stat(file))
    if ((mode & 0o077) !== 0) {
      return yield* invalid(
        `the password file ${file} can be read by others (mode ${(mode & 0o777).toString(8)})`,
        `chmod 600 ${file}`
      )
    }
    const host = asked.host.startsWith("/") ? "localhost" : asked.host
    const wanted = [host, String(asked.port), asked.database, asked.user]
    for (const line of text.split("\n")) {
      if (line.startsWith("#")) continue
      const fields = fieldsOf(line)
      const [own] = fields.slice(4)
      const fits = wanted.every((value, i) => fields[i] === "*" || fields[i] === value)
      if (own !== undefined && fits) return Redacted.make(own)
    }
    return undefined
  })

/** Between colons; a backslash takes a colon or a backslash as it is. */
const fieldsOf = (line: string): ReadonlyArray<string> =>
  (line.replace(/\r$/, "").match(/(?:\\.|[^:\\])*(?::|$)/g) ?? []).map((field) =>
    field.replace(/:$/, "").replace(/\\(.)/g, "$1")
  )
