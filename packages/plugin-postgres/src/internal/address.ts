/** Where a server is and who connects, from parts or from a URL. */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { ConnectionOptionsInvalid } from "../PostgresError.ts"
import * as ambient from "./ambient.ts"
import { type Given, invalid, isTls, modes, type Tls } from "./given.ts"

/** All that a connection needs. */
export interface Address {
  /** A name, an address, or the folder of a socket. */
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: Redacted.Redacted<string> | undefined
  readonly database: string
  readonly tls: Tls
  /** Who may have signed the server's certificate, where it is not one of the well-known. */
  readonly ca: { readonly file: string; readonly certificates: string } | undefined
}

/** A secret of a connection. */
export const Password = Schema.Redacted(Schema.String)

export const Port = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 65_535 }))

/** What a deployment may give, as options of a plugin. */
export const options = {
  url: Schema.optionalKey(Schema.Union([Schema.NonEmptyString, Password])),
  host: Schema.optionalKey(Schema.NonEmptyString),
  port: Schema.optionalKey(Port),
  user: Schema.optionalKey(Schema.NonEmptyString),
  password: Schema.optionalKey(Password),
  database: Schema.optionalKey(Schema.NonEmptyString),
  tls: Schema.optionalKey(Schema.Literals(["disable", "require", "verify-ca", "verify-full"])),
  ca: Schema.optionalKey(Schema.NonEmptyString),
  pgService: Schema.optionalKey(Schema.NonEmptyString),
  passwordFile: Schema.optionalKey(Schema.NonEmptyString),
  environment: Schema.optionalKey(Schema.Boolean)
}

/** How messages name the server. */
export const nameOf = ({ host, port }: Address): string =>
  host.startsWith("/") ? `${host}/.s.PGSQL.${port}` : `${host}:${port}`

const example = "postgres://user:password@host:5432/database"

/** Puts parts and URL together. What is wrong is said without the URL, as that may hold a password. */
export const resolve = (given: Given): Effect.Effect<Address, ConnectionOptionsInvalid> =>
  Effect.gen(function* () {
    const variables: ambient.Variables = process.env
    const fromVariables = given.environment === true ? withoutUndefined(yield* ambient.environment(variables)) : {}
    const fromUrl = given.url === undefined ? {} : withoutUndefined(yield* Effect.fromResult(readUrl(given.url)))
    const name = given.pgService ?? fromVariables.pgService
    const service = name === undefined ? {} : withoutUndefined(yield* ambient.service(name, variables))
    const all = { ...fromVariables, ...service, ...fromUrl, ...withoutUndefined(given) }
    if (all.user === undefined) return yield* invalid("it names no user", `give user, or a url like ${example}`)
    if (all.database === undefined) {
      return yield* invalid("it names no database", `give database, or a url like ${example}`)
    }
    const asked = {
      host: all.host ?? "127.0.0.1",
      port: all.port ?? 5432,
      user: all.user,
      database: all.database
    }
    const password =
      all.password ?? (all.passwordFile === undefined ? undefined : yield* ambient.password(all.passwordFile, asked))
    const ca =
      all.ca === undefined || all.ca === "system"
        ? undefined
        : { file: all.ca, certificates: yield* ambient.certificates(all.ca) }
    return { ...asked, password, tls: all.tls ?? "disable", ca }
  })

const withoutUndefined = ({ url: _, ...parts }: Given): Given =>
  Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined))

const readUrl = (given: string | Redacted.Redacted<string>): Result.Result<Given, ConnectionOptionsInvalid> => {
  const text = Redacted.isRedacted(given) ? Redacted.value(given) : given
  if (!URL.canParse(text)) return Result.fail(invalid("the url is none", `write it like ${example}`))
  const url = new URL(text)
  if (url.protocol !== "postgres:" && url.protocol !== "postgresql:") {
    return Result.fail(invalid(`the url begins with ${url.protocol}`, `write it like ${example}`))
  }
  const mode = url.searchParams.get("sslmode") ?? undefined
  if (mode !== undefined && !isTls(mode)) {
    return Result.fail(invalid(`sslmode=${mode} is not supported`, `use ${modes.join(", ")}`))
  }
  const said = (name: string): string => url.searchParams.get(name) ?? ""
  if (said("options") !== "") {
    const hint = "set it for the role or the database, with Postgres.setting or ALTER ROLE … SET"
    return Result.fail(invalid("options= in the url is not supported", hint))
  }
  const port = url.port || said("port")
  if (port !== "" && !/^[1-9]\d{0,4}$/.test(port)) return Result.fail(invalid("the port in the url is none", example))
  return Result.try({
    try: (): Given => ({
      host: nonEmpty(said("host")) ?? nonEmpty(decodeURIComponent(url.hostname.replace(/^\[(.*)\]$/, "$1"))),
      port: port === "" ? undefined : Number(port),
      user: nonEmpty(decodeURIComponent(url.username) || said("user")),
      password: passwordOf(decodeURIComponent(url.password) || said("password")),
      database: nonEmpty(decodeURIComponent(url.pathname.slice(1)) || said("dbname")),
      tls: mode,
      ca: url.searchParams.get("sslrootcert") ?? undefined
    }),
    catch: () => invalid("the url holds a % that stands for nothing", `write it like ${example}, with % as %25`)
  })
}

const passwordOf = (text: string) => (text === "" ? undefined : Redacted.make(text))

const nonEmpty = (text: string): string | undefined => (text === "" ? undefined : text)

/** What is given for a file and looks like the address of a server, in words that hold no password; else `undefined`. */
export const addressIn = (given: string): string | undefined => {
  // A path that was made of it has lost a slash.
  const scheme = /(?:^|\/)([a-z][a-z0-9+.-]*:)\/\/?[^/]/i.exec(given)?.[1]
  if (scheme !== undefined) return `${scheme}//…`
  return /\bpassword\s*=/i.test(given) ? "password=…" : undefined
}
