import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Records from "../../Records.ts"
import * as Run from "../../Run.ts"
import * as Target from "../../Target.ts"
import type { Context } from "./context.ts"
import { sourcesOf } from "./environment.ts"
import { unlimited } from "./flags.ts"
import type { Place, Selection, Showing } from "./request.ts"
import { revisionOf } from "./revision.ts"
import { usage } from "./usage.ts"

/** Which run is meant. */
export type How = Pick<Run.AnyOptions, "strategy" | "only" | "skip" | "rollback">

const inputsOf = ({ deployment, surface: { directory, env } }: Context, { inputFiles, inputs }: Place) =>
  sourcesOf({ deployment, directory, env, inputFiles, inputs })

const targetOf = ({ home }: Context) => Target.local({ directory: home })

/** Checks what can be checked before the deployment is opened, and opens it. */
export const openSession = Effect.fnUntraced(function* (
  context: Context,
  { concurrency, ...place }: Place & Pick<Showing, "concurrency">,
  how: How,
  /** Whether something will be changed, and which revision did that is to be recorded. */
  changing: boolean
) {
  if (concurrency !== undefined && !/^[1-9]\d{0,5}$/.test(concurrency)) {
    return yield* usage(
      `--concurrency cannot be “${concurrency}”`,
      "say how many steps run at a time: a whole number from 1"
    )
  }
  const { deployment, environment, home, surface } = context
  const inputs = yield* inputsOf(context, place)
  const revision = changing ? yield* revisionOf(home, surface) : undefined
  const { strategy, ...rest } = how
  return yield* Run.open(deployment, {
    environment,
    inputs,
    target: targetOf(context),
    // The engine refuses a fresh start where the types of this environment would have.
    strategy: strategy === "fresh" ? "fresh" : "update",
    ...rest,
    ...(concurrency === undefined ? {} : { concurrency: Number(concurrency) }),
    ...(revision === undefined ? {} : { revision })
  })
})

/** Opens what earlier runs have left. */
export const openRecords = Effect.fnUntraced(function* (context: Context, place: Place) {
  const { deployment, environment } = context
  return yield* Records.open(deployment, {
    environment,
    inputs: yield* inputsOf(context, place),
    target: targetOf(context)
  })
})

/** The steps that are meant. */
export const selected = ({ fresh, only, skip }: Selection) => {
  const both = only.filter((id) => skip.includes(id))
  return both.length > 0
    ? Effect.fail(
        usage(`--only and --skip both name ${both.map((id) => `“${id}”`).join(", ")}`, "name a step in one of them")
      )
    : Effect.succeed<How>({ strategy: fresh ? "fresh" : "update", ...(only.length === 0 ? {} : { only }), skip })
}

/** How long to wait for the lock; `undefined` where nobody has said that it is waited for. */
export const waitOf = (wait: string | undefined) => {
  if (wait === undefined) return Effect.succeed(undefined)
  if (wait === unlimited) return Effect.succeed(Duration.infinity)
  const found = /^(\d{1,9})(ms|s|m|h|d)$/.exec(wait)
  const unit = units.get(found?.[2] ?? "")
  return found === null || unit === undefined
    ? Effect.fail(
        usage(`--wait cannot be “${wait}”`, "say --wait for no limit, or how long: --wait=90s, --wait=10m, --wait=2h")
      )
    : Effect.succeed(Duration.millis(Number(found[1]) * unit))
}

/** In milliseconds. */
const units: ReadonlyMap<string, number> = new Map([
  ["ms", 1],
  ["s", 1_000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000]
])
