/** What migrations leave in a release, and the way back: the schema stays newer, unless it may go back too. */
import { Check, Look, type Release, type Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { type ChangeError, DjangoControl } from "../DjangoControl.ts"
import { MigrationIrreversible, type MigrationsMissing, ReversalUnavailable } from "../DjangoError.ts"
import { type Applied, DjangoProbe, type LookError, type Reversal } from "../DjangoProbe.ts"
import { schemaOf } from "./lookable.ts"

/** The migrations that are applied, by app, in their order. */
export const Recorded = Schema.Struct({ applied: Schema.Record(Schema.String, Schema.Array(Schema.String)) })

interface Input {
  readonly apps: ReadonlyArray<string>
  readonly database: string
}

export const record = ({ apps, database }: Input) =>
  Effect.map(
    Effect.flatMap(DjangoProbe, (probe) => probe.applied({ apps, database })),
    (applied) => ({ applied })
  )

const dotted = (applied: Applied): ReadonlyArray<string> =>
  Object.entries(applied).flatMap(([app, names]) => names.map((name) => `${app}.${name}`))

/** How the database compares with the release: by the code that runs, or else by names alone. */
interface Survey {
  readonly newer: ReadonlyArray<string>
  readonly lacking: ReadonlyArray<string>
  readonly reversal: Reversal | undefined
  /** Why the code that runs has not answered. */
  readonly silence: LookError | undefined
}

const survey = Effect.fnUntraced(function* (
  { apps, database }: Input,
  recorded: Applied
): Effect.fn.Return<Survey, LookError, DjangoProbe> {
  const probe = yield* DjangoProbe
  const asked = yield* Effect.result(probe.reversal({ apps, database, recorded }))
  if (Result.isSuccess(asked)) {
    const { lacking, newer } = asked.success
    return { newer, lacking, reversal: asked.success, silence: undefined }
  }
  const [now, then] = [dotted(yield* probe.applied({ apps, database })), dotted(recorded)]
  return {
    newer: now.filter((name) => !then.includes(name)),
    lacking: then.filter((name) => !now.includes(name)),
    reversal: undefined,
    silence: asked.failure
  }
})

const nameOf = ({ app, name }: Reversal["plan"][number]): string => `${app}.${name}`

/** Why the newer migrations cannot be taken back by the code that runs; nothing where they can. */
const obstacle = ({ newer, reversal, silence }: Survey): string | undefined => {
  if (reversal === undefined)
    return `only code that has ${newer.join(", ")} can reverse it, and that does not run: ${silence?.message}`
  const { entangled, unknown } = reversal
  if (unknown.length > 0) return `the code that runs does not have ${unknown.join(", ")}`
  return entangled.length > 0 ? `${entangled.join(", ")} cannot be taken apart from what that release has` : undefined
}

/** What a person should know of a schema that stays newer than the code. */
const noteOf = (found: Survey): string => {
  const plan = found.reversal?.plan ?? []
  const all = found.newer.map((name) => {
    const known = plan.find((one) => nameOf(one) === name)
    if (known === undefined) return name
    return `${name} (${known.irreversible.length === 0 ? "reversible" : `irreversible: ${known.irreversible.join("; ")}`})`
  })
  const stays = `the schema stays newer: ${all.join(", ")} ${all.length === 1 ? "is" : "are"} kept`
  const why = obstacle(found)
  if (why !== undefined) return `${stays}; --schema cannot go back now: ${why}`
  return plan.some(({ irreversible }) => irreversible.length > 0)
    ? `${stays}; --schema cannot go back`
    : `${stays}; --schema goes back`
}

const irreversible = (plan: Reversal["plan"], release: number): MigrationIrreversible =>
  new MigrationIrreversible({
    migrations: plan.map(nameOf),
    message: `the schema cannot go back to release ${release}: ${plan
      .map((one) => `${nameOf(one)} cannot be reversed (${one.irreversible.join("; ")})`)
      .join(", ")}`,
    hint: "go back without --schema, which keeps the newer schema; or to the data and schema of a backup"
  })

const unavailable = ({ newer, silence }: Survey, release: number, why: string): ReversalUnavailable =>
  new ReversalUnavailable({
    migrations: newer,
    message: `the schema cannot go back to release ${release}: ${why}`,
    hint: "bring the application of the newer release up, then go back with --schema; or go back without it",
    ...(silence === undefined ? {} : { cause: silence })
  })

/** How the newer migrations are taken back, if they all can be. */
const reversalOf = (found: Survey, release: number) => {
  const { plan = [], targets = [] } = found.reversal ?? {}
  const why = obstacle(found)
  if (why !== undefined) return Effect.fail(unavailable(found, release, why))
  const stuck = plan.filter((one) => one.irreversible.length > 0)
  return stuck.length > 0 ? Effect.fail(irreversible(stuck, release)) : Effect.succeed({ plan, targets })
}

const changeOf = (one: Reversal["plan"][number]): Check.Change => ({
  summary: `unapply ${nameOf(one)}${one.losses.length === 0 ? "" : `, and what it added is lost: ${one.losses.join("; ")}`}`
})

type Output = { readonly applied: Readonly<Record<string, number>> }

type BackError =
  | LookError
  | ChangeError
  | MigrationsMissing
  | MigrationIrreversible
  | ReversalUnavailable
  | Target.RunError

type Way = Release.Way<Output, BackError, DjangoProbe, DjangoProbe | DjangoControl>

/**
 * The way back. `forth` is what the step always does: migrations that the release has and the database lacks are applied
 * by it.
 */
export const back = ({ allowed, input, part, release }: Release.Back<Input, typeof Recorded.Type>, forth: Way): Way => {
  const { database } = input
  const counts = Object.fromEntries(Object.entries(part.applied).map(([app, names]) => [app, names.length]))
  return {
    check: Effect.gen(function* () {
      const found = yield* survey(input, part.applied)
      const goes = allowed.schema && found.newer.length > 0
      const resource = (yield* DjangoProbe).database
      const observe = resource === undefined ? Effect.void : Look.observe(resource)
      // Data that goes back takes its schema with it. Short of that, what cannot go is known before anything changes,
      // also where the database is about to be made anew.
      if (allowed.data) yield* observe
      const plan = goes ? (yield* reversalOf(found, release.number)).plan : []
      yield* observe
      const forward = found.lacking.length === 0 ? Check.satisfied({ applied: counts }) : yield* forth.check
      if (goes && (forward._tag === "Satisfied" || forward._tag === "Needed")) {
        const loses = plan.some(({ losses }) => losses.length > 0)
        return Check.needed([...plan.map(changeOf), ...(forward._tag === "Needed" ? forward.changes : [])], {
          risk: loses || (forward._tag === "Needed" && forward.risk === "destructive") ? "destructive" : "reversible",
          touches: [schemaOf(database)]
        })
      }
      return forward._tag === "Satisfied" && found.newer.length > 0
        ? Check.satisfied(forward.output, { note: noteOf(found) })
        : forward
    }),
    apply: Effect.gen(function* () {
      const found = yield* survey(input, part.applied)
      if (allowed.schema && found.newer.length > 0) {
        const { targets } = yield* reversalOf(found, release.number)
        yield* (yield* DjangoControl).unapply({ database, targets })
      }
      if (found.lacking.length > 0) yield* forth.apply
    })
  }
}
