/** A plugin of the tests' own, for what comes after a failure: dials that stand at values, and dumps of all of them. */
import { Access, Attempt, type BackupProof, Check, Failure, Plugin, Release, Step, Undo } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

export interface Dials {
  readonly values: Map<string, number>
  readonly dumps: Array<ReadonlyMap<string, number>>
  /** What was done, in order: `turn a 3`, `dump`, `tell hello`. */
  readonly log: Array<string>
  /** The attempts in which dials were turned, or turned back. */
  readonly attempts: Array<Attempt.Attempt | undefined>
  /** Dials that fail to turn, after they have moved half-way (`half`) or before (`stuck`). */
  readonly broken: Map<string, "half" | "stuck">
  /** Dials that do not turn back. */
  readonly jammed: Set<string>
  /** What is kept for releases: `a 3 for release 1`. */
  readonly kept: Set<string>
  /** Values that a secret is added to. */
  secret: string | undefined
}

export const makeDials = (values: Readonly<Record<string, number>> = {}): Dials => ({
  values: new Map(Object.entries(values)),
  dumps: [],
  log: [],
  attempts: [],
  broken: new Map(),
  jammed: new Set(),
  kept: new Set(),
  secret: undefined
})

export class Reader extends Access.Probe<Reader, { readonly dials: Dials }>()("dials/Reader") {}
export class Turner extends Access.Control<Turner, { readonly dials: Dials }>()("dials/Turner") {}

export const layer = (dials: Dials) =>
  Layer.mergeAll(Layer.succeed(Reader, { dials }), Layer.succeed(Turner, { dials }))

class DialBroken extends Schema.TaggedError<DialBroken>()("DialBroken", {
  ...Failure.fields("dials.broken"),
  dial: Schema.String
}) {}

const broken = (dial: string, what: string) =>
  new DialBroken({ dial, message: `dial ${dial} ${what}`, hint: "mend it" })

const input = {
  name: Schema.String,
  value: Schema.Int,
  risk: Schema.optionalKey(Schema.Literals(["additive", "reversible"]))
}

const stands = Effect.fnUntraced(function* (name: string, value: number, risk: "additive" | "reversible" = "additive") {
  const { dials } = yield* Reader
  const now = dials.values.get(name)
  return now === value
    ? Check.satisfied({ value })
    : Check.needed([{ summary: `turn ${name}`, before: `${now ?? "off"}`, after: `${value}` }], { risk })
})

const turn = Effect.fnUntraced(function* (name: string, value: number) {
  const { dials } = yield* Turner
  const fault = dials.broken.get(name)
  if (fault === "half") dials.values.set(name, -1)
  if (fault !== undefined) return yield* broken(name, fault === "half" ? "stopped half-way" : "is stuck")
  dials.log.push(`turn ${name} ${value}`)
  dials.attempts.push(yield* Attempt.Current)
  dials.values.set(name, value)
})

const captured = Schema.Struct({ value: Schema.NullOr(Schema.Int), note: Schema.optionalKey(Schema.String) })

const base = Step.make("dials.dial", {
  description: "A dial stands at a value",
  risk: "additive",
  input,
  output: { value: Schema.Int },
  check: ({ name, risk, value }) => stands(name, value, risk),
  apply: ({ name, value }) => turn(name, value)
})

const undone = Undo.of(base, {
  captured,
  capture: Effect.fnUntraced(function* ({ name }) {
    const { dials } = yield* Reader
    return { value: dials.values.get(name) ?? null, ...(dials.secret === undefined ? {} : { note: dials.secret }) }
  }),
  restore: Effect.fnUntraced(function* ({ value }, { name }) {
    const { dials } = yield* Turner
    if (dials.jammed.has(name)) return yield* broken(name, "does not turn back")
    dials.log.push(`turn back ${name}`)
    dials.attempts.push(yield* Attempt.Current)
    if (value === null) dials.values.delete(name)
    else dials.values.set(name, value)
  })
})

/** A dial that can be turned back, and that a rollback turns to where it stood in the release. */
export const dial = Release.of(undone, {
  part: Schema.Struct({ value: Schema.Int }),
  record: Effect.fnUntraced(function* ({ name }) {
    return { value: (yield* Reader).dials.values.get(name) ?? 0 }
  }),
  keep: Effect.fnUntraced(function* ({ value }, { number }, { name }) {
    ;(yield* Turner).dials.kept.add(`${name} ${value} for release ${number}`)
  }),
  forget: Effect.fnUntraced(function* ({ value }, { number }, { name }) {
    ;(yield* Turner).dials.kept.delete(`${name} ${value} for release ${number}`)
  }),
  back: ({ input: { name, risk }, part: { value } }) => ({ check: stands(name, value, risk), apply: turn(name, value) })
})

/** A dial that nobody turns back. */
export const rusty = Step.make("dials.rusty", {
  description: "A dial stands at a value for good",
  risk: "additive",
  input,
  output: { value: Schema.Int },
  check: ({ name, risk, value }) => stands(name, value, risk),
  apply: ({ name, value }) => turn(name, value)
})

/** A dial whose value is data. */
export const meter = Step.make("dials.meter", {
  description: "A meter stands at a value",
  risk: "additive",
  alters: "data",
  input,
  output: { value: Schema.Int },
  check: ({ name, risk, value }) => stands(name, value, risk),
  apply: ({ name, value }) => turn(name, value)
})

/** A dump of all dials: there is one as soon as one was ever taken. */
export const dump = Step.make("dials.dump", {
  description: "There is a dump",
  risk: "additive",
  input: {},
  output: { file: Schema.String, rows: Schema.Int },
  backup: ({ file, rows }): BackupProof.BackupProof => ({
    of: "dials",
    file,
    bytes: 10 * rows,
    sha256: "0".repeat(64),
    takenAt: 0,
    archive: { entries: rows, tables: 1 },
    rows: { dials: rows }
  }),
  check: Effect.fnUntraced(function* () {
    const { dumps } = (yield* Reader).dials
    const last = dumps.at(-1)
    return last === undefined
      ? Check.needed([{ summary: "dump" }])
      : Check.satisfied({ file: `dump ${dumps.length}`, rows: last.size })
  }),
  apply: Effect.fnUntraced(function* () {
    const { dials } = yield* Turner
    dials.log.push("dump")
    dials.dumps.push(new Map(dials.values))
  })
})

/** Somebody is told, every time. */
export const tell = Step.make("dials.tell", {
  description: "Somebody is told",
  risk: "additive",
  input: { text: Schema.String },
  output: {},
  check: ({ text }) => Effect.succeed(Check.everyRun([{ summary: `tell ${text}` }], {})),
  apply: Effect.fnUntraced(function* ({ text }) {
    const { dials } = yield* Turner
    const fault = dials.broken.get(text)
    if (fault !== undefined) return yield* broken(text, "is out of reach")
    dials.log.push(`tell ${text}`)
  })
})

export const dialsPlugin = Plugin.define("dials", {
  version: "1.0.0",
  description: "Dials",
  steps: { dial, rusty, meter, dump, tell },
  options: {},
  layer: () => layer(makeDials())
})
