/** Steps of the sweep's own: files, folders, a process that writes slowly, and what cannot be checked. */

import { fileURLToPath } from "node:url"
import { Attempt, Check, Command, Plugin, Step, Target, Undo } from "@shipshape/core"
import { PostgresControl, PostgresProbe } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

/** Where the deployment's files are, from the target's folder on. The journal and what was told are beside it. */
export const application = "app"
export const told = "told.log"

const observed = () => [`file:${application}`] as const

/** Fails. */
const inVain = Effect.flatMap(Target.Target, (target) => target.run(Command.make("false", [])))

const decoder = new TextDecoder()

const textOf = Effect.fnUntraced(function* (path: string) {
  const probe = yield* Target.TargetProbe
  const stat = yield* probe.stat(path)
  return stat?.type === "file" ? decoder.decode(yield* probe.readFile(path)) : undefined
})

const octal = (mode: number): string => mode.toString(8)

export const file = Undo.of(
  Step.make("crash.file", {
    description: "A file has this content and mode",
    risk: "reversible",
    input: { path: Schema.String, content: Schema.String, mode: Schema.Int },
    output: { path: Schema.String },
    observes: observed,
    check: Effect.fn(function* ({ content, mode, path }) {
      const stat = yield* (yield* Target.TargetProbe).stat(path)
      const is = yield* textOf(path)
      return is === content && stat?.mode === mode
        ? Check.satisfied({ path })
        : Check.needed([{ summary: `write ${path}`, after: octal(mode) }])
    }),
    apply: Effect.fn(function* ({ content, mode, path }) {
      yield* (yield* Target.Target).writeFile(path, content, { mode })
    })
  }),
  {
    captured: Schema.NullOr(Schema.Struct({ content: Schema.String, mode: Schema.Int })),
    capture: Effect.fn(function* ({ path }) {
      const stat = yield* (yield* Target.TargetProbe).stat(path)
      return stat === undefined ? null : { content: (yield* textOf(path)) ?? "", mode: stat.mode }
    }),
    restore: Effect.fn(function* (captured, { path }) {
      const target = yield* Target.Target
      if (captured === null) yield* target.remove(path)
      else yield* target.writeFile(path, captured.content, { mode: captured.mode })
    })
  }
)

export const directory = Step.make("crash.directory", {
  description: "A folder has this mode",
  risk: "additive",
  input: { path: Schema.String, mode: Schema.Int },
  output: { path: Schema.String },
  observes: observed,
  check: Effect.fn(function* ({ mode, path }) {
    const stat = yield* (yield* Target.TargetProbe).stat(path)
    return stat?.mode === mode
      ? Check.satisfied({ path })
      : Check.needed([{ summary: `make ${path}`, after: octal(mode) }])
  }),
  apply: Effect.fn(function* ({ mode, path }) {
    yield* (yield* Target.Target).makeDirectory(path, { mode })
  })
})

const program = fileURLToPath(new URL("fixtures/render.sh", import.meta.url))

/** What the process writes to a page. */
const page = (number: number) => `page ${number}, the first half\npage ${number}, the second half\n`

/** A process writes its files slowly, each in two halves, in place. */
export const render = Step.make("crash.render", {
  description: "A program has written all pages",
  risk: "reversible",
  input: { path: Schema.String, pages: Schema.Int, pause: Schema.Finite },
  output: { bytes: Schema.Int },
  observes: observed,
  check: Effect.fn(function* ({ pages, path }) {
    let bytes = 0
    for (let number = 1; number <= pages; number++) {
      if ((yield* textOf(`${path}/${number}.html`)) !== page(number)) return Check.needed([{ summary: "render" }])
      bytes += page(number).length
    }
    return Check.satisfied({ bytes })
  }),
  apply: Effect.fn(function* ({ pages, path, pause }) {
    yield* (yield* Target.Target).run(Command.make("sh", [program, path, String(pages), String(pause)]))
  })
})

/** Goes wrong at the first attempt of each run, half-way. */
export const flaky = Step.make("crash.flaky", {
  description: "A file is there, at the second attempt",
  risk: "reversible",
  input: { path: Schema.String },
  output: {},
  observes: observed,
  check: Effect.fn(function* ({ path }) {
    return (yield* textOf(path)) === "whole\n" ? Check.satisfied({}) : Check.needed([{ summary: `write ${path}` }])
  }),
  apply: Effect.fn(function* ({ path }) {
    const target = yield* Target.Target
    const first = (yield* Attempt.Current)?.attempt === 1
    yield* target.writeFile(path, first ? "half\n" : "whole\n")
    if (first) yield* inVain
  })
})

export const hopeless = Step.make("crash.hopeless", {
  description: "Never holds",
  risk: "additive",
  input: {},
  output: {},
  observes: observed,
  check: () => Effect.succeed(Check.needed([{ summary: "try in vain" }])),
  apply: () => Effect.asVoid(inVain)
})

/** Tells somebody, which nobody can look up: a line for each time, with the idempotency key of the attempt. */
export const notify = Step.make("crash.notify", {
  description: "Somebody was told",
  risk: "additive",
  input: { text: Schema.String },
  output: {},
  check: ({ text }) => Effect.succeed(Check.everyRun([{ summary: text }], {})),
  apply: Effect.fn(function* () {
    const attempt = yield* Attempt.Current
    yield* (yield* Target.Target).appendFile(told, `${attempt?.run} ${attempt?.step} ${attempt?.key}\n`)
  })
})

/** Also where there is no schema: whoever removes it may be killed before there is a new one. */
const anything = {
  text: "SELECT to_regnamespace('public') IS NULL OR EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace('public'))",
  values: []
}

/** Files, tables and types are gone: three changes, one after the other. */
export const wipe = Step.make("crash.wipe", {
  description: "There is nothing",
  risk: "destructive",
  input: {},
  output: {},
  touches: () => [`file:${application}`, "postgres:server"],
  check: Effect.fn(function* () {
    const files = yield* (yield* Target.TargetProbe).stat(application)
    const tables = yield* (yield* PostgresProbe.PostgresProbe).holds(anything)
    return files !== undefined || tables ? Check.needed([{ summary: "remove everything" }]) : Check.satisfied({})
  }),
  apply: Effect.fn(function* () {
    const control = yield* PostgresControl.PostgresControl
    yield* (yield* Target.Target).remove(application)
    yield* control.execute({ text: "DROP SCHEMA IF EXISTS public CASCADE", values: [] })
    yield* control.execute({ text: "CREATE SCHEMA public", values: [] })
  })
})

export const plugin = Plugin.define("crash", {
  version: "1.0.0",
  description: "Steps of the sweep",
  steps: { directory, file, flaky, hopeless, notify, render },
  options: {},
  layer: () => Layer.empty
})
