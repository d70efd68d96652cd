import { assert, describe, it } from "@effect/vitest"
import { Secrets } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { leaksIn, marked, printed, secretsOf, writings } from "./support/printedSecrets.ts"

const registryOf = (secrets: ReadonlyArray<string>): Secrets.Registry => {
  const registry = Secrets.make()
  for (const secret of secrets) registry.add(Redacted.make(secret))
  return registry
}

/** What is left where each place that belongs to an occurrence of some secret is taken out, looked for one by one. */
const withoutOccurrences = (text: string, secrets: ReadonlyArray<string>): string => {
  const taken = new Set<number>()
  for (const secret of secrets) {
    for (let at = text.indexOf(secret); at !== -1; at = text.indexOf(secret, at + 1)) {
      for (let i = at; i < at + secret.length; i++) taken.add(i)
    }
  }
  const left = Array.from({ length: text.length }, (_, at) => (taken.has(at) ? "•" : text.charAt(at))).join("")
  return left.replace(/•+/g, "••••••")
}

/** Seconds of the processor, which other programs do not take away. */
const secondsSince = (begun: NodeJS.CpuUsage): number => {
  const { system, user } = process.cpuUsage(begun)
  return (system + user) / 1_000_000
}

const Units = Schema.Array(Schema.Literals(["a", "b", "c"]))
const Secret = Units.check(Schema.isMinLength(1), Schema.isMaxLength(4))

describe("10,000 secrets", () => {
  const secrets = secretsOf(10_000, 1)

  it("are found in no writing of them", () => {
    const registry = registryOf(secrets)
    let pieces = 0
    for (const secret of secrets) {
      for (const line of printed(secret)) {
        const found = leaksIn(registry.mask(`password: ${line} end`))
        assert.deepEqual(found.leaks, [], JSON.stringify({ secret, line }))
        pieces += found.pieces
      }
    }
    assert.isAbove(pieces, 380_000)
  }, 300_000)

  it("are each found alone, with no other secret that could hide what stays of it", () => {
    for (const secret of secrets.slice(0, 2_000)) {
      const registry = registryOf([secret])
      for (const line of printed(secret)) {
        assert.deepEqual(leaksIn(registry.mask(line)).leaks, [], JSON.stringify({ secret, line }))
      }
    }
  }, 300_000)

  it("are masked in 1 MB of a log within seconds, and what holds none of them stays", () => {
    const long = secrets.filter((secret) => secret.split(/\r?\n/).every((line) => line.length > 12))
    const line = `09:41:07 GET /api/documents/?page=2&q=a%20b+c 200 {"took": "3 ms", "by": "caf\\u00e9"} it''s &lt;ok&gt;\n`
    const text = line.repeat(Math.ceil(1_000_000 / line.length))
    const begun = process.cpuUsage()
    const registry = registryOf(long)
    assert.strictEqual(registry.mask(text), text)
    assert.strictEqual(registry.mask(`${text}${long[0]}`), `${text}••••••`)
    assert.isBelow(secondsSince(begun), 10)
  }, 120_000)

  it("may be added one by one while masking goes on", () => {
    const registry = Secrets.make()
    const begun = process.cpuUsage()
    for (const secret of secrets.slice(0, 3_000)) {
      registry.add(Redacted.make(secret))
      assert.strictEqual(registry.mask(marked(secret)), marked("••••••"))
    }
    assert.isBelow(secondsSince(begun), 15)
  }, 120_000)
})

describe("masking", () => {
  it.effect.prop(
    "takes out all places of all secrets, and nothing else",
    [Schema.Array(Secret), Units],
    ([texts, units]) =>
      Effect.sync(() => {
        const secrets = texts.map((text) => text.join(""))
        const text = units.join("")
        // Of three letters there is neither base64 nor hex of another secret.
        assert.strictEqual(registryOf(secrets).mask(text), withoutOccurrences(text, secrets))
      })
  )

  it.effect.prop("leaves what holds none as it is", [Schema.String, Schema.Array(Schema.String)], ([text, secrets]) =>
    Effect.sync(() => {
      // Private characters stand in no text, and in no writing of theirs.
      const foreign = secrets.map((secret) => `${secret}\ue000`.replaceAll(/[\r\n]/g, "\ue001"))
      const harmless = text.replaceAll(/[\ue000\ue001]/g, "")
      assert.strictEqual(registryOf(foreign).mask(harmless), harmless)
    })
  )

  it.effect.prop("masks any text at all, once for all", [Schema.String], ([secret]) =>
    Effect.sync(() => {
      const registry = registryOf([secret])
      for (const write of Object.values(writings)) {
        const once = registry.mask(marked(write(secret)))
        if (secret.trim() !== "") assert.deepEqual(leaksIn(once).leaks, [], JSON.stringify({ secret, once }))
        assert.strictEqual(registry.mask(once), once)
      }
    })
  )

  it.each([
    ["overlap", ["abc", "bcd"], "abcd", "••••••"],
    ["begin and end another", ["pass", "password-of-prod", "prod"], "x password-of-prod y prod", "x •••••• y ••••••"],
    ["stand within another that is cut off", ["b", "abcd"], "abc", "a••••••c"],
    ["follow one another", ["ab", "cd"], "abcdab", "••••••"],
    ["are halves of a character", ["\ud83d"], "\ud83d\ude00", "••••••\ude00"],
    ["are the mask", ["••"], "a••b", "a••••••b"],
    ["are cut off", ["hunter2-of-production"], "hunter… hunte… shunter2-of…", "••••••… hunte… s••••••…"],
    ["are white space", [" ", "\n", "\t \r\n"], "a b\n", "a b\n"],
    ["have white space around them", ["  hunter2-of-prod \n"], "pw=hunter2-of-prod;", "pw=••••••;"],
    ["have other line ends", ["first-line\nsecond-line"], "first-line\r\nsecond-line", "••••••\r\n••••••"],
    ["are in another normal form", ["caf\u00e9"], "cafe\u0301", "cafe\u0301"],
    ["are escaped by a byte of Latin-1", ["caf\u00e9"], "caf%e9 caf\\xe9", "•••••• ••••••"],
    ["are escaped where nothing needs it", ["abc"], "%61%62%63 \\u0061\\x62\\143 &#97;b&#x63;", "•••••• •••••• ••••••"],
    ["stand in Basic authorization", ["s3cret"], `Basic ${btoa("admin:s3cret")}`, "Basic YWRtaW46••••••"]
  ] as const)("of secrets that %s", (_, secrets, text, expected) => {
    assert.strictEqual(registryOf(secrets).mask(text), expected)
  })
})
