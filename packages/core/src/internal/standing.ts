/** Whether the world is as the running release left it, whatever the deployment asks for by now. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import type { Change } from "../Check.ts"
import * as Look from "../Look.ts"
import type { Release } from "../Release.ts"
import type { Status } from "../Run.ts"
import * as Secrets from "../Secrets.ts"
import { maskJson } from "./canonical.ts"
import { differences } from "./difference.ts"
import { checkOf } from "./observe.ts"
import type { AnyStep, GoingBack, Opened, Seen } from "./opened.ts"

type Differing = Status["differences"][number]

const nothingAllowed = { schema: false, data: false }

/** The running release, and where the world is no longer what it recorded. Looks only. */
export const statusOf = Effect.fnUntraced(function* <A, E, CheckR, ApplyR>(
  opened: Opened<A, E, CheckR, ApplyR>,
  { past, plan, values: seen }: Seen<E, CheckR, ApplyR>
) {
  const release = (yield* opened.store.releases).at(-1)
  const holder = past.running ?? (yield* opened.store.holder)
  const parts = new Map(Object.entries(release?.parts ?? {}))
  const values = new Map(seen)
  const looking = lookingFor(release, values)
  const found = new Map<string, ReadonlyArray<Differing>>()
  const look = (step: AnyStep<E, CheckR, ApplyR>) =>
    Effect.map(looking(step, parts.get(step.id)?.part ?? null), (differing) => {
      if (differing !== undefined) found.set(step.id, differing)
    })
  const recorded = opened.steps.filter(({ id }) => parts.has(id))
  // All that is in order at once; the others may need what those before them give.
  yield* Effect.forEach(
    recorded.filter(({ id }) => seen.has(id)),
    look,
    { concurrency: "unbounded", discard: true }
  )
  yield* Effect.forEach(
    recorded.filter(({ id }) => !seen.has(id)),
    look,
    { discard: true }
  )
  const ids = [...new Set([...recorded.map(({ id }) => id), ...parts.keys()])]
  const status: Status = {
    release,
    differences: ids.flatMap((id) => found.get(id) ?? []),
    unknown: ids.filter((id) => !found.has(id)),
    plan,
    holder
  }
  return status
})

/** Where one step's part differs; `undefined` where that cannot be looked at. */
const lookingFor = (release: Release | undefined, values: Map<string, unknown>) => {
  const look = Look.make()
  return Effect.fnUntraced(
    function* <E, CheckR, ApplyR>(step: AnyStep<E, CheckR, ApplyR>, part: Schema.Json) {
      const secrets = yield* Secrets.Current
      if (release === undefined || [...step.sources].some((source) => !values.has(source))) return undefined
      const prepared = step.prepare(values)
      if (Result.isFailure(prepared) || prepared.success.release === undefined) return undefined
      const { back, record } = prepared.success.release
      if (!values.has(step.id)) {
        // It is not what the deployment asks for now: the way back says whether it is what the release left.
        const how: GoingBack = { release, leaving: release, allowed: nothingAllowed }
        const way = back(part, { ...how, backup: release.backup })
        if (way === undefined) return undefined
        if (Result.isFailure(way)) return yield* Effect.fail(way.failure)
        const check = yield* checkOf({ ...prepared.success, check: way.success.check })
        if (check._tag === "Unavailable") return undefined
        if (check._tag === "Needed") {
          const moved = check.changes.map((change) => movedBy(step.id, change))
          return moved.length > 0 ? moved : between(step.id, part, undefined)
        }
        values.set(step.id, check.output)
      }
      const now = maskJson(secrets, yield* record(values.get(step.id)))
      return between(step.id, part, now)
    },
    Effect.provideService(Look.Current, look)
  )
}

/** What would have to be put back is what has moved. */
const movedBy = (step: string, { after, before, summary }: Change): Differing => ({
  step,
  path: summary,
  recorded: after,
  now: before
})

const between = (step: string, part: Schema.Json, now: Schema.Json | undefined): ReadonlyArray<Differing> =>
  differences(part, now).map(({ after, before, path }) => ({ step, path, recorded: before, now: after }))
