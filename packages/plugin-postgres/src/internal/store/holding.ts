/** Who has the lock. */
import { Actor, Lock, type Store } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Rows } from "../connect.ts"
import { rowsOf, type StoreName } from "./failing.ts"

/** The sessions that have the lock, at most one: its process, and who it is as far as it has said that. */
export type Holding = { readonly pid: number; readonly holder: Lock.Holder | undefined } | undefined

const Row = Schema.Struct({
  pid: Schema.Int,
  run: Schema.NullOr(Schema.Int),
  mode: Schema.NullOr(Lock.Mode),
  who: Schema.NullOr(Actor.Actor),
  since: Schema.NullOr(Schema.Finite),
  step: Schema.NullOr(Schema.String)
})

const decode = rowsOf(Row)

/** Reads what `holders` gives. */
export const holdingOf =
  (name: StoreName) =>
  (found: Rows | undefined): Effect.Effect<Holding, Store.StoreFailed> =>
    Effect.map(decode(name)(found), ([row]) =>
      row === undefined ? undefined : { pid: row.pid, holder: holderOf(row) }
    )

const holderOf = ({ mode, run, since, step, who }: typeof Row.Type): Lock.Holder | undefined =>
  run === null || mode === null || who === null || since === null
    ? undefined
    : { run, mode, who, since, ...(step === null ? {} : { step }) }
