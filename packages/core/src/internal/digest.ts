import { createHash } from "node:crypto"
import { canonical } from "./canonical.ts"

/** SHA-256 in hex over a value; equal values give equal digests, whatever the order of their keys. */
export const digest = (value: unknown): string =>
  createHash("sha256")
    .update(JSON.stringify(canonical(value)))
    .digest("hex")
