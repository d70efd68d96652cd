/** What may be said of a connection. */
import type * as Redacted from "effect/Redacted"
import { ConnectionOptionsInvalid } from "../PostgresError.ts"

/**
 * How a connection is encrypted: not; without asking who answers; only with a certificate that somebody trusted has
 * signed; only with one that is for this host, too.
 */
export type Tls = "disable" | "require" | "verify-ca" | "verify-full"

export const modes: ReadonlyArray<Tls> = ["disable", "require", "verify-ca", "verify-full"]

export const isTls = (mode: string): mode is Tls => modes.some((one) => one === mode)

/** What a deployment may give; parts win over what the URL says. */
export interface Given {
  readonly url?: string | Redacted.Redacted<string> | undefined
  readonly host?: string | undefined
  readonly port?: number | undefined
  readonly user?: string | undefined
  readonly password?: Redacted.Redacted<string> | undefined
  readonly database?: string | undefined
  readonly tls?: Tls | undefined
  /** A file with certificates. */
  readonly ca?: string | undefined
  readonly pgService?: string | undefined
  readonly passwordFile?: string | undefined
  /** Whether the variables `PG*` count. */
  readonly environment?: boolean | undefined
}

export const invalid = (message: string, hint: string): ConnectionOptionsInvalid =>
  new ConnectionOptionsInvalid({ message: `the connection to PostgreSQL: ${message}`, hint })
