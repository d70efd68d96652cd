/** What PostgreSQL keeps of a password instead of the password itself (RFC 5802, 7677). */
import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from "node:crypto"

const rounds = 4_096

const verifier = (password: string, salt: Buffer, iterations: number): string => {
  // Of what RFC 4013 asks for, this is all that changes a password that people can type.
  const salted = pbkdf2Sync(password.normalize("NFKC"), salt, iterations, 32, "sha256")
  const hmac = (text: string) => createHmac("sha256", salted).update(text).digest()
  const stored = createHash("sha256").update(hmac("Client Key")).digest("base64")
  return `SCRAM-SHA-256$${iterations}:${salt.toString("base64")}$${stored}:${hmac("Server Key").toString("base64")}`
}

/** A verifier with a salt of its own. The password cannot be told from it, and does not leave the process. */
export const makeVerifier = (password: string): string => verifier(password, randomBytes(16), rounds)

/** Whether what the server keeps is of this password. */
export const isOf = (kept: string, role: string, password: string): boolean => {
  const [, iterations, salt] = /^SCRAM-SHA-256\$(\d+):([A-Za-z0-9+/=]+)\$/.exec(kept) ?? []
  const wanted =
    iterations === undefined || salt === undefined
      ? `md5${createHash("md5").update(`${password}${role}`).digest("hex")}`
      : verifier(password, Buffer.from(salt, "base64"), Number(iterations))
  const [a, b] = [Buffer.from(kept), Buffer.from(wanted)]
  return a.length === b.length && timingSafeEqual(a, b)
}
