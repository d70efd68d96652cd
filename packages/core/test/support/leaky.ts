/**
 * A deployment that tells its secrets wherever it can: its checks, its child processes and its errors print them in every
 * writing. `LEAKY` says how many there are, and how it ends.
 */
import { existsSync } from "node:fs"
import {
  Access,
  Check,
  Command,
  defineDeployment,
  Failure,
  Input,
  Output,
  optional,
  Plugin,
  Progress,
  parallel,
  Release,
  Step,
  Target,
  Undo
} from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { marked, printed } from "./printedSecrets.ts"

const [count = "1", ending = "well"] = (process.env.LEAKY ?? "").split(" ")

/** What is looked at is files of the folder that the program runs in. */
class Made extends Access.Probe<Made, { readonly has: (name: string) => boolean }>()("test/Made") {}

const made = Plugin.define("made", {
  version: "1.0.0",
  description: "Files in a folder",
  steps: {},
  options: {},
  layer: () => Layer.succeed(Made, { has: (name) => existsSync(`made-${name}`) })
})

class Loud extends Schema.TaggedError<Loud>()("Loud", {
  ...Failure.fields("test.loud"),
  seen: Schema.Record(Schema.String, Schema.String)
}) {}

const Values = Schema.Array(Schema.Redacted(Schema.String))
type Values = typeof Values.Type

const reveal = (values: Values): ReadonlyArray<string> => values.map(Redacted.value)

/** Every value of a step within brackets: as it is, and in all writings. */
const plainly = (values: Values): ReadonlyArray<string> => reveal(values).map(marked)
const inAllWritings = (values: Values): ReadonlyArray<string> => reveal(values).flatMap(printed)

const module = new URL("./printedSecrets.ts", import.meta.url).href

/** Prints all writings of all values, line by line: on standard output and standard error in turn. */
const script = `
  const { printed } = await import(${JSON.stringify(module)})
  const print = (line, i) => (i % 2 === 0 ? process.stdout : process.stderr).write(line + "\\n")
  for (const [name, value] of Object.entries(process.env)) {
    if (/^VALUE\\d+$/.test(name)) printed(value).flatMap((piece) => piece.split(/\\r?\\n/).map((line, i, lines) =>
      (i > 0 ? "\\u27e6" : "") + line + (i + 1 < lines.length ? "\\u27e7" : ""))).forEach(print)
  }
  process.exitCode = Number(process.env.CODE)
`

const child = (values: Values, code: number): Command.Command =>
  Command.make(process.execPath, ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", script], {
    env: { CODE: String(code), ...Object.fromEntries(values.map((value, i) => [`VALUE${i}`, value])) }
  })

const ends = {
  well: () => Effect.void,
  badly: () => Effect.void,
  loudly: (values: Values) =>
    Effect.fail(
      new Loud({
        message: `refused: ${plainly(values).join(" ")} ${inAllWritings(values.slice(0, 10)).join(" ")}`,
        hint: `mend ${plainly(values).join("\n")}`,
        tail: inAllWritings(values),
        retryable: true,
        seen: Object.fromEntries(plainly(values).map((value) => [value, value])),
        cause: new Error(plainly(values).join(", "), { cause: { message: plainly(values).join("; ") } })
      })
    ),
  strangely: (values: Values) => Effect.die(new Error(`broke at ${inAllWritings(values.slice(0, 50)).join(" ")}`))
}

const Ending = Schema.Literals(["well", "badly", "loudly", "strangely"])

const plainPrinter = Step.make("test.printer", {
  description: "Prints its secrets",
  risk: "reversible",
  input: { name: Schema.NonEmptyString, values: Values, ends: Ending },
  output: { said: Schema.Array(Schema.String), by: Schema.Record(Schema.String, Schema.String) },
  check: ({ name, values }) =>
    Effect.map(Made, (files) =>
      files.has(name)
        ? Check.satisfied({
            said: plainly(values),
            by: Object.fromEntries(plainly(values).map((value) => [value, value]))
          })
        : Check.needed(
            plainly(values).map((value) => ({
              summary: `print ${value}`,
              before: value,
              after: JSON.stringify({ value })
            }))
          )
    ),
  apply: Effect.fn(function* ({ ends: end, name, values }) {
    const target = yield* Target.Target
    for (const line of plainly(values)) yield* Progress.line(line)
    yield* target.run(child(values, end === "badly" ? 3 : 0))
    yield* ends[end](values)
    yield* target.writeFile(`made-${name}`, "")
  })
})

const Said = Schema.Array(Schema.String)

/** Prints, can be taken back while it prints again, and leaves a part of the release: all of it is told, too. */
const printer = Release.of(
  Undo.of(plainPrinter, {
    captured: Schema.Struct({ there: Schema.Boolean, said: Said }),
    capture: ({ name, values }) => Effect.map(Made, (files) => ({ there: files.has(name), said: plainly(values) })),
    restore: ({ there }, { name, values }) =>
      Effect.gen(function* () {
        const target = yield* Target.Target
        yield* target.run(child(values, 0))
        if (!there) yield* target.remove(`made-${name}`)
      })
  }),
  {
    part: Schema.Struct({ said: Said, by: Schema.Record(Schema.String, Schema.String) }),
    record: (_, output) => Effect.succeed(output)
  }
)

const away = Step.make("test.away", {
  description: "Cannot be looked at",
  risk: "additive",
  input: { values: Values },
  output: {},
  check: ({ values }) =>
    Effect.succeed(
      Check.unavailable(["service:away"], `no ${plainly(values).join(" ")}`, `start ${plainly(values).join(" ")}`)
    ),
  apply: () => Effect.void
})

const secrets = Object.fromEntries(Array.from({ length: Number(count) }, (_, i) => [`s${i}`, Input.secret(`S${i}`)]))

/** Secrets of one step. */
const share = 250

export default defineDeployment(
  "leaky",
  {
    environments: { staging: { data: "disposable" }, undoing: { data: "disposable", onFailure: "undo" } },
    inputs: secrets,
    plugins: () => [made({})]
  },
  function* ({ inputs }) {
    const all = Object.values(inputs)
    const shares = Array.from({ length: Math.ceil(all.length / share) }, (_, i) =>
      Output.all(all.slice(i * share, (i + 1) * share))
    )
    yield* parallel(shares.map((values, i) => printer(`print-${i}`, { name: `${i}`, values, ends: "well" })))
    for (const [i, values] of shares.entries()) {
      if (ending === "blocked") yield* optional(away(`away-${i}`, { values }), "nobody needs it")
      if (ending !== "badly") continue
      const how = (["badly", "loudly", "strangely"] as const)[i % 3] ?? "badly"
      yield* optional(printer(`fail-${i}`, { name: `fail-${i}`, values, ends: how }), "it always fails")
    }
    if (ending === "badly") {
      const values = Output.all(all.slice(0, share))
      yield* printer("last", { name: "last", values, ends: "loudly" }, { retry: Schedule.recurs(1) })
    }
  }
)
