/** What steps of server objects have in common: a state that is looked at, brought about, and brought back. */
import { Check } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { PostgresControl } from "../PostgresControl.ts"
import { PostgresProbe } from "../PostgresProbe.ts"
import type { ObjectState, ServerObject } from "../ServerObject.ts"
import { naming } from "./rowErrors.ts"
import { schemaResource, whenReached } from "./whenReached.ts"

/** What a step wants of an object. */
export interface Wanted {
  readonly object: ServerObject
  /** In words: `role app`. */
  readonly name: string
  /** What it should be, of what it is; what it is not about stays away. */
  readonly state: (now: ObjectState | null) => ObjectState
  /** How its state is written, for comparing. */
  readonly written?: (value: ObjectState[string]) => ObjectState[string]
}

const text = (value: ObjectState[string] | undefined): string =>
  value === undefined || value === null || (Array.isArray(value) && value.length === 0)
    ? "nothing"
    : Array.isArray(value)
      ? value.join(", ")
      : String(value)

/** What is different of what is there. */
const differences = ({ state, written = (value) => value }: Wanted, now: ObjectState | null) =>
  Object.entries(state(now)).flatMap(([key, value]) => {
    const [before, after] = [text(now === null ? undefined : written(now[key] ?? null)), text(written(value))]
    return before === after ? [] : [{ key, before, after }]
  })

const notThere = (name: string) =>
  Check.unavailable(
    [schemaResource],
    `${name}: what it is about is not there`,
    "create the role, the schema or the object in a step before this one, or correct its name"
  )

const look = (object: ServerObject) => Effect.flatMap(PostgresProbe, (probe) => probe.object(object))

/** The changes that are needed: `undefined` where what it is about is not there. */
export const changesOf = Effect.fnUntraced(function* (wanted: Wanted) {
  const now = yield* look(wanted.object)
  if (now === undefined) return undefined
  const found = differences(wanted, now)
  if (now === null) {
    const after = found.map(({ after, key }) => `${key} ${after}`).join(", ")
    return [{ summary: `create ${wanted.name}`, ...(after === "" ? {} : { after }) }]
  }
  return found.map(({ after, before, key }) => ({ summary: `${wanted.name}: ${key}`, before, after }))
})

export const check = (wanted: Wanted) =>
  whenReached(
    Effect.map(changesOf(wanted), (changes) =>
      changes === undefined ? notThere(wanted.name) : changes.length === 0 ? Check.satisfied({}) : Check.needed(changes)
    )
  )

export const apply = Effect.fnUntraced(function* ({ name, object, state }: Wanted) {
  const now = (yield* look(object)) ?? null
  yield* naming(name)((yield* PostgresControl).setObject(object, { ...now, ...state(now) }))
})

const State = Schema.Record(
  Schema.String,
  Schema.Union([Schema.String, Schema.Finite, Schema.Boolean, Schema.Null, Schema.Array(Schema.String)])
)

/** Brings back the state that it had; what was not there is dropped, as long as nothing depends on it. */
export const undo = <Input>(wantedOf: (input: Input) => Wanted) => ({
  captured: Schema.NullOr(State),
  capture: (input: Input) => Effect.map(look(wantedOf(input).object), (now) => now ?? null),
  restore: Effect.fn("postgres.object.restore")(function* (before: ObjectState | null, input: Input) {
    const { object } = wantedOf(input)
    if ((yield* look(object)) !== undefined) yield* (yield* PostgresControl).setObject(object, before)
  })
})
