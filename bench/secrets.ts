/** What masking costs, beside one regular expression of all secrets as they are. */
import { randomBytes } from "node:crypto"
import { Secrets } from "@shipshape/core"
import * as Redacted from "effect/Redacted"
import { table, time } from "./lib/measure.ts"

const line = `09:41:07 GET /api/documents/?page=2&q=a%20b 200 {"took": "3 ms", "by": "caf\\u00e9"}\n`

export const benchSecrets = async (): Promise<void> => {
  const log = line.repeat(Math.ceil(1_000_000 / line.length))
  const rows: Array<ReadonlyArray<string | number>> = []
  for (const count of [10, 100, 1_000, 10_000]) {
    const values = Array.from({ length: count }, () => randomBytes(18).toString("base64"))
    const make = () => {
      const secrets = Secrets.make()
      for (const value of values) secrets.add(Redacted.make(value))
      secrets.mask("")
      return secrets
    }
    const secrets = make()
    const pattern = new RegExp(values.map((value) => value.replace(/[+/]/g, "\\$&")).join("|"), "g")
    const build = await time(3, make)
    const mask = await time(3, () => secrets.mask(log))
    const plain = await time(1, () => log.replace(pattern, "••••••"))
    const one = await time(9, () => {
      for (let i = 0; i < 1_000; i++) secrets.mask(line)
    })
    rows.push([String(count), build, mask, plain, one])
  }
  table(
    "Masking 1 MB of a log (medians)",
    ["secrets", "ms build", "ms mask", "ms one RegExp, no other forms", "µs a line"],
    rows
  )
}
