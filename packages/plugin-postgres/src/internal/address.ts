/** Where a server is and who connects, from parts or from a URL. */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { ConnectionOptionsInvalid } from "../PostgresError.ts"

/** How a connection is encrypted: not; without asking who answers; only with a certificate that is right. */
export type Tls = "disable" | "require" | "verify-full"

/** What a deployment may give; parts win over what the URL says. */
export interface Given {
  readonly url?: string | Redacted.Redacted<string> | undefined
  readonly host?: string | undefined
  readonly port?: number | undefined
  readonly user?: string | undefined
  readonly password?: Redacted.Redacted<string> | undefined
  readonly database?: string | undefined
  readonly tls?: Tls | undefined
}

/** All that a connection needs. */
export interface Address {
  /** A name, an address, or the folder of a socket. */
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: Redacted.Redacted<string> | undefined
  readonly database: string
  readonly tls: Tls
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
  tls: Schema.optionalKey(Schema.Literals(["disable", "require", "verify-full"]))
}

/** How messages name the server. */
export const nameOf = ({ host, port }: Address): string =>
  host.startsWith("/") ? `${host}/.s.PGSQL.${port}` : `${host}:${port}`

const example = "postgres://user:password@host:5432/database"

const invalid = (message: string, hint: string): ConnectionOptionsInvalid =>
  new ConnectionOptionsInvalid({ message: `the connection to PostgreSQL: ${message}`, hint })

/** Puts parts and URL together. What is wrong is said without the URL, as that may hold a password. */
export const resolve = (given: Given): Effect.Effect<Address, ConnectionOptionsInvalid> =>
  Effect.gen(function* () {
    const fromUrl = given.url === undefined ? {} : yield* Effect.fromResult(readUrl(given.url))
    const all = { ...fromUrl, ...withoutUndefined(given) }
    if (all.user === undefined) return yield* invalid("it names no user", `give user, or a url like ${example}`)
    if (all.database === undefined) {
      return yield* invalid("it names no database", `give database, or a url like ${example}`)
    }
    return {
      host: all.host ?? "127.0.0.1",
      port: all.port ?? 5432,
      user: all.user,
      password: all.password,
      database: all.database,
      tls: all.tls ?? "disable"
    }
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
  if (mode !== undefined && mode !== "disable" && mode !== "require" && mode !== "verify-full") {
    return Result.fail(invalid(`sslmode=${mode} is not supported`, "use disable, require or verify-full"))
  }
  return Result.try({
    try: (): Given => ({
      host: url.searchParams.get("host") ?? nonEmpty(url.hostname.replace(/^\[(.*)\]$/, "$1")),
      port: url.port === "" ? undefined : Number(url.port),
      user: nonEmpty(decodeURIComponent(url.username)),
      password: url.password === "" ? undefined : Redacted.make(decodeURIComponent(url.password)),
      database: nonEmpty(decodeURIComponent(url.pathname.slice(1))),
      tls: mode
    }),
    catch: () => invalid("the url holds a % that stands for nothing", `write it like ${example}, with % as %25`)
  })
}

const nonEmpty = (text: string): string | undefined => (text === "" ? undefined : text)
