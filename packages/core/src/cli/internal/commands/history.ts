import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as ExitCode from "../../../ExitCode.ts"
import { RunSummary } from "../../../History.ts"
import * as Journal from "../../../Journal.ts"
import type { Damaged } from "../../../Records.ts"
import { viewOf } from "../../../reporter/Options.ts"
import type { Context } from "../context.ts"
import { openRecords } from "../opening.ts"
import type { Of } from "../request.ts"
import { historyText } from "../texts/historyText.ts"
import { runText } from "../texts/runText.ts"
import { usage } from "../usage.ts"

/** How many runs are listed, where nobody says it. */
const defaultLimit = 20

const encodeSummary = Schema.encodeSync(RunSummary)
const encodeRecords = Schema.encodeSync(Schema.Array(Journal.Record))

/** Lists the runs, or shows one. */
export const historyCommand = Effect.fnUntraced(function* (context: Context, request: Of<"history">) {
  const { deployment, environment, surface } = context
  const { json, limit, run, verbose } = request
  const [one, count] = [yield* numberOf("run", run), yield* numberOf("--limit", limit)]
  if (run !== undefined && limit !== undefined) {
    return yield* usage("--limit has no meaning for one run", "leave --limit out")
  }
  const options = { width: surface.width(), color: surface.color.out, verbose }
  return yield* Effect.gen(function* () {
    const records = yield* openRecords(context, request)
    if (one !== undefined) {
      const told = yield* records.run(one)
      const { summary } = told
      surface.out(
        json
          ? `${JSON.stringify({ summary: encodeSummary(summary), records: encodeRecords(told.records) })}\n`
          : `${runText(told, options)}\n`
      )
      return ExitCode.succeeded
    }
    // One more than is shown says whether there are more.
    const shown = count ?? defaultLimit
    const found = yield* records.runs(shown + 1)
    const runs = found.slice(-shown).reverse()
    surface.out(
      json
        ? `${JSON.stringify(runs.map((each) => (isDamaged(each) ? each : encodeSummary(each))))}\n`
        : runs.length === 0
          ? `no run of ${deployment.name} to ${environment} is recorded in ${records.name}\n`
          : `${historyText(runs, found.length > runs.length, viewOf(options))}\n`
    )
    return ExitCode.succeeded
  }).pipe(Effect.scoped)
})

const isDamaged = (run: RunSummary | Damaged): run is Damaged => "damaged" in run

const numberOf = (name: string, text: string | undefined) =>
  text === undefined
    ? Effect.succeed(undefined)
    : /^[1-9]\d{0,8}$/.test(text)
      ? Effect.succeed(Number(text))
      : Effect.fail(usage(`${name} cannot be “${text}”`, "give a whole number from 1"))
