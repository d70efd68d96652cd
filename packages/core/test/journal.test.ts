import { assert, describe, it } from "@effect/vitest"
import { Journal } from "@shipshape/core"
import * as Schema from "effect/Schema"

const who = { user: "ada", host: "ci-7", pid: 4711 }
const counts = { satisfied: 1, applied: 1, failed: 0, notRun: 0, undone: 0, skipped: 0, optionalFailed: 0 }

const began: Journal.RecordOf<"RunBegan"> = {
  _tag: "RunBegan",
  at: 1_700_000_000_000,
  format: "shipshape-journal",
  v: 1,
  run: 42,
  deployment: "edms",
  environment: "production",
  data: "precious",
  strategy: "update",
  mode: "apply",
  who,
  versions: { "@shipshape/core": "0.1.0" }
}
const attemptBegan: Journal.RecordOf<"AttemptBegan"> = {
  _tag: "AttemptBegan",
  at: 1,
  step: "größe ☃ 💾",
  attempt: 1,
  fence: 42,
  type: "acme.size",
  key: "42/größe",
  risk: "reversible",
  changes: [{ summary: "resize", before: "1\n2", after: "“3”" }],
  captured: { size: 1, nothing: null }
}
const attemptEnded: Journal.RecordOf<"AttemptEnded"> = {
  _tag: "AttemptEnded",
  at: 2,
  step: "größe ☃ 💾",
  attempt: 1,
  fence: 42,
  outcome: "applied",
  durationMs: 1.5
}
const ended: Journal.RecordOf<"RunEnded"> = { _tag: "RunEnded", at: 3, outcome: "succeeded", counts, durationMs: 3 }

const records: ReadonlyArray<Journal.Record> = [began, attemptBegan, attemptEnded, ended]
const lines = records.map(Journal.encode)
const text = lines.join("")

const invalid = (journal: string): Journal.JournalInvalid => {
  try {
    Journal.decode(journal)
  } catch (error) {
    if (error instanceof Journal.JournalInvalid) return error
    throw error
  }
  return assert.fail("it was read")
}

/** As a store reads a file: bytes that are no whole character stand for “�”. */
const ofBytes = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

describe("a journal", () => {
  it("gives back what was written, one line for each record", () => {
    assert.deepStrictEqual(Journal.decode(text), { records, torn: undefined, unknown: 0 })
    assert.deepStrictEqual(
      lines.map((line) => line.split("\n").length),
      [2, 2, 2, 2]
    )
    assert.deepStrictEqual(Journal.decode(""), { records: [], torn: undefined, unknown: 0 })
  })

  it("that was cut off anywhere gives what is whole before the cut, and the rest as torn", () => {
    const bytes = new TextEncoder().encode(text)
    const ends = lines.map((_, i) => new TextEncoder().encode(lines.slice(0, i + 1).join("")).length)
    for (let cut = 0; cut <= bytes.length; cut++) {
      const { records: found, torn } = Journal.decode(ofBytes(bytes.subarray(0, cut)))
      const whole = ends.filter((end) => end <= cut).length
      assert.deepStrictEqual(found, records.slice(0, whole), `cut at ${cut}`)
      assert.strictEqual(torn === undefined, cut === 0 || ends.includes(cut), `cut at ${cut}`)
    }
  })

  it.prop(
    "of any records, cut off anywhere, gives the first of them",
    [Schema.Array(Journal.Record), Schema.Int],
    ([any, at]) => {
      const written = any.map(Journal.encode)
      const bytes = new TextEncoder().encode(written.join(""))
      const cut = bytes.length === 0 ? 0 : Math.abs(at) % (bytes.length + 1)
      const found = Journal.decode(ofBytes(bytes.subarray(0, cut)))
      assert.strictEqual(found.unknown, 0)
      assert.isAtMost(found.records.length, any.length)
      assert.deepStrictEqual(found.records.map(Journal.encode), written.slice(0, found.records.length))
      const whole = new TextEncoder().encode(written.slice(0, found.records.length).join("")).length
      assert.isAtMost(whole, cut)
      assert.strictEqual(found.torn === undefined, whole === cut)
      const next = written[found.records.length]
      if (next !== undefined) assert.isBelow(cut - whole, new TextEncoder().encode(next).length)
    }
  )

  it("whose end a power loss has filled with zeros gives what is before them", () => {
    for (const tail of ["\0".repeat(4096), `${lines[1]?.slice(0, 30)}${"\0".repeat(512)}`, "\0\n\0\n"]) {
      const { records: found, torn } = Journal.decode(`${lines[0]}${tail}`)
      assert.deepStrictEqual(found, [began])
      assert.strictEqual(torn, tail)
    }
  })

  it("that is damaged before its end is refused, with the line", () => {
    for (const [damage, problem] of [
      ["garbage\n", "it is no JSON"],
      ["\0\0\0\n", "it is no JSON"],
      ['{"_tag":"RunEnd\n', "it is no JSON"],
      ["{}\n", "it is no record: _tag is missing"],
      ["[]\n", "it is no record: _tag is missing"],
      ["\n", "it is no JSON"],
      ['{"_tag":"UndoBegan","at":0,"step":"a"}\n', "fence: "]
    ] as const) {
      const error = invalid(`${lines[0]}${lines[1]}${damage}${lines[2]}`)
      assert.strictEqual(error.line, 3, damage)
      assert.include(error.message, `line 3 cannot be read (${problem}`)
      assert.strictEqual(error.code, "core.journal-invalid")
    }
    assert.strictEqual(invalid(`garbage\n${text}`).line, 1)
    assert.strictEqual(invalid(`${lines[0]}garbage\n{"_tag":"OfALaterVersion"}\n`).line, 2)
  })

  it("of a later version is read as far as its records are known", () => {
    const later = { ...began, v: 2, mode: "apply", region: "eu", who: { ...who, team: "platform" } }
    const journal = [
      JSON.stringify(later),
      JSON.stringify({ _tag: "Approved", at: 1, by: ["ada"] }),
      JSON.stringify({ ...attemptEnded, cpu: { millis: 3 } })
    ]
    const { records: found, torn, unknown } = Journal.decode(`${journal.join("\n")}\n`)
    assert.deepStrictEqual<ReadonlyArray<Journal.Record>>(found, [{ ...began, v: 2 }, attemptEnded])
    assert.strictEqual(unknown, 1)
    assert.isUndefined(torn)
  })
})
