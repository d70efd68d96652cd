import { assert, describe, it } from "@effect/vitest"
import { defineDeployment } from "@shipshape/core"
import { Rehearsal } from "@shipshape/core/testing"
import { Data, Postgres } from "@shipshape/plugin-postgres"
import { PostgresWorld } from "@shipshape/plugin-postgres/testing"
import * as Effect from "effect/Effect"
import { vi } from "vitest"
import { cellsOf, lineOf } from "../src/internal/data/copyText.ts"
import * as json from "../src/internal/data/json.ts"
import { BadLine, splitter } from "../src/internal/data/lines.ts"
import * as meters from "../src/internal/data/meter.ts"

describe("values of JSON", () => {
  it("lose nothing on their way to PostgreSQL", () => {
    const texts: ReadonlyArray<readonly [string, json.Kind, string | null]> = [
      ["9007199254740993", "other", "9007199254740993"],
      ["-12345678901234567890.120", "other", "-12345678901234567890.120"],
      ["1.50", "other", "1.50"],
      ["-0", "other", "-0"],
      ["1e400", "other", "1e400"],
      ["true", "other", "true"],
      ["null", "json", null],
      ['"a\\nb"', "other", "a\nb"],
      ['"a"', "json", '"a"'],
      ['{"a":[1.50,{"b":null}]}', "json", '{"a":[1.50,{"b":null}]}'],
      ['["a","b c",null,"d\\"e\\\\f",""]', "array", '{"a","b c",NULL,"d\\"e\\\\f",""}'],
      ["[[1,2],[3,4.50]]", "array", "{{1,2},{3,4.50}}"],
      ["[]", "array", "{}"],
      ["[1]", "json", "[1]"]
    ]
    for (const [text, kind, expected] of texts) {
      const row = json.parse(`{"x":${text}}`)
      assert.isTrue(json.isRow(row))
      assert.strictEqual(json.isRow(row) ? json.textOf(row.x, kind) : "", expected, text)
    }
  })

  it("are plain for a transform, with exact numbers as texts", () => {
    const row = json.parse('{"a":9007199254740993,"b":[1.50,{"c":7}],"d":null,"e":"x"}')
    assert.deepStrictEqual(json.isRow(row) && json.plain(row), {
      a: "9007199254740993",
      b: ["1.50", { c: 7 }],
      d: null,
      e: "x"
    })
  })
})

describe("a line of JSON", () => {
  const rows = [
    '{"a":1,"b":"x","c":null,"d":true,"e":false,"f":1.50,"g":-0,"h":1e400,"i":9007199254740993}',
    '{"a":"q\\"uo\\\\te","b":"\\\\","c":"\\u00fc\\n","d":"ü€𝄞","e":"","f":"},{\\"x\\":1"}',
    '{"a":[1,"]"],"b":{"c":"}"},"d":12}',
    '{ "a" : 1 , "b":"x" }',
    '{"a":1,"a":2}',
    '{"__proto__":{"x":1},"a":"b"}',
    '{"2":"two","1":"one","a\\"b":3}',
    "{}",
    '{"":""}'
  ]
  /** What JSON.parse itself says of it; numbers as they are written. */
  const expected = (text: string): unknown => {
    try {
      return JSON.parse(text, (_, value: unknown, context?: { readonly source?: string }) =>
        typeof value === "number" ? `number ${context?.source}` : value
      )
    } catch {
      return "no JSON"
    }
  }
  const marked = (value: json.Value): unknown =>
    Array.isArray(value)
      ? value.map(marked)
      : typeof value === "number" || (typeof value === "object" && value !== null && !json.isRow(value))
        ? `number ${json.textOf(value, "other")}`
        : json.isRow(value)
          ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, marked(item)]))
          : value
  const found = (text: string): unknown => {
    try {
      return marked(json.parse(text))
    } catch (error) {
      assert.instanceOf(error, SyntaxError)
      return "no JSON"
    }
  }

  it("says what JSON.parse says it does, however it is damaged", () => {
    for (const row of rows) {
      assert.deepStrictEqual(found(row), expected(row), row)
      for (let at = 0; at < row.length; at++) {
        for (const more of ["", '"', "\\", ",", "}", "0", "-", " ", "\u0001", "e", "."]) {
          for (const skip of [0, 1]) {
            const text = `${row.slice(0, at)}${more}${row.slice(at + skip)}`
            assert.deepStrictEqual(found(text), expected(text), text)
          }
        }
      }
    }
  })
})

it("cells come back from a line of COPY as they were", () => {
  const cells = ["", null, "\\N", "a\tb\nc\rd\\e", "\\.", "ü€𝄞"]
  const line = lineOf(cells)
  assert.deepStrictEqual(cellsOf(line.slice(0, -1)), cells)
})

describe("lines", () => {
  it("are the same wherever the bytes are cut", () => {
    const bytes = new TextEncoder().encode("a€\n\n𝄞b\nlast")
    for (let size = 1; size <= bytes.length; size++) {
      const found: Array<string> = []
      const lines = splitter((line, number) => found.push(`${number} ${line}`))
      for (let at = 0; at < bytes.length; at += size) lines.push(bytes.subarray(at, at + size))
      lines.end()
      assert.deepStrictEqual(found, ["1 a€", "2 ", "3 𝄞b", "4 last"])
    }
  })

  it("that are no UTF-8 are counted", () => {
    const bytes = Buffer.from("a\nb\n\xfc\nd\n", "latin1")
    for (const size of [1, 3, 99]) {
      const lines = splitter(() => {})
      const read = () => {
        for (let at = 0; at < bytes.length; at += size) lines.push(bytes.subarray(at, at + size))
        lines.end()
      }
      assert.throws(read, BadLine)
      try {
        splitter(() => {}).push(bytes)
      } catch (error) {
        assert.strictEqual(error instanceof BadLine && error.line, 3)
      }
    }
  })
})

it("progress says rate and what is left, as far as that is known", () => {
  assert.strictEqual(
    meters.sayOf({ bytes: 25, rows: 1_000 }, { bytes: 100, rows: 4_000 }, 2),
    "1,000 of 4,000 rows (25 %), 500 rows/s, 6 s left"
  )
  assert.strictEqual(
    meters.sayOf({ bytes: 25, rows: 1_000 }, { bytes: 100 }, 2),
    "1,000 rows (25 %), 500 rows/s, 6 s left"
  )
  assert.strictEqual(meters.sayOf({ bytes: 25, rows: 1_000 }, {}, 2), "1,000 rows, 500 rows/s")
})

it("progress is said every two seconds, and not with every row", () => {
  vi.useFakeTimers({ toFake: ["performance"] })
  try {
    const said: Array<string> = []
    const { stream } = meters.make("import public.t", { bytes: 400, rows: 200 }, (line) => said.push(line))
    for (let i = 0; i < 5; i++) {
      vi.advanceTimersByTime(1_000)
      stream.write(Buffer.from("a\n".repeat(10)))
    }
    assert.deepStrictEqual(said, [
      "import public.t: 20 of 200 rows (10 %), 10 rows/s, 18 s left",
      "import public.t: 40 of 200 rows (20 %), 10 rows/s, 16 s left"
    ])
  } finally {
    vi.useRealTimers()
  }
})

it.effect("a deployment exports and imports in memory, once", () =>
  Effect.gen(function* () {
    const world = PostgresWorld.make({ tables: { currencies: { code: "text" } }, rows: { currencies: 3 } })
    const deployment = defineDeployment(
      "shop",
      {
        environments: { staging: { data: "disposable" } },
        plugins: () => [Postgres.server({ user: "shop", database: "shop" })]
      },
      function* () {
        yield* Postgres.exportData("out", { directory: "/srv/data", tables: ["currencies"] })
        yield* Postgres.importData("in", {
          directory: "/srv/data",
          tables: [{ table: "currencies", transform: Data.transform("1", (row) => row) }]
        })
      }
    )
    const run = yield* Rehearsal.apply(deployment, world.layer, { environment: "staging" })
    assert.deepStrictEqual(run.applied, ["out"])
    world.rows.set("public.currencies", 1)
    const again = yield* Rehearsal.apply(deployment, world.layer, { environment: "staging" })
    assert.deepStrictEqual(again.applied, ["in"])
    assert.strictEqual(world.rows.get("public.currencies"), 3)
  })
)
