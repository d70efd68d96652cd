/** A deployment is killed at every write of its journal, and at random moments: nothing is lost, and nothing is done twice. */
import type { Plan } from "@shipshape/core"
import type { Crash } from "@shipshape/core/testing"
import { assert, describe, it } from "vitest"
import { forThisFile, type Ground } from "./ground.ts"
import { judge, type Kill, type Outcome, type Trial, undisturbed } from "./trial.ts"
import type { Whom } from "./workers.ts"

/** With `full`, as CI runs it, all that the sweep promises; else what is enough to see most mistakes. */
const full = process.env.SHIPSHAPE_SWEEP === "full"
const randomMoments = full ? { update: 150, fresh: 50 } : { update: 16, fresh: 8 }
const atATime = 4

/** Longer than most of what lies between two writes takes, in milliseconds. */
const longestPause = 60

/** Numbers from 0 to 1 that look random, and are the same in each run of the test. */
const randomOf = (seed: number) => {
  let state = seed
  return (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

const random = randomOf(20_260_728)
const whoever = (): Whom => (random() < 0.5 ? "process" : "tree")

const points: ReadonlyArray<Crash.Point["when"]> = ["before", "torn", "after"]

const boundary = (at: number, when: Crash.Point["when"]): Kill => ({
  crash: { at, when, kept: random(), whom: whoever() }
})

/** At every write of a run that makes so many, and there each way or one of them. */
const boundaries = (strategy: Plan.Strategy, writes: number, ways: "each" | "one"): ReadonlyArray<Trial> =>
  Array.from({ length: writes }, (_, i) => i + 1).flatMap((at) =>
    points
      .filter((_, i) => ways === "each" || i === at % points.length)
      .map((when) => ({ strategy, kills: [boundary(at, when)], resume: random() < 0.5 }))
  )

/** Whether a kill leaves a run cut off: before its journal begins a run is none, and after its end it is no longer one. */
const cutsOff =
  (writes: number) =>
  ({ kills: [kill] }: Trial): boolean => {
    if (kill === undefined || !("crash" in kill)) return false
    const { at, when } = kill.crash
    return !(at === 1 && when !== "after") && !(at === writes && when === "after")
  }

/** Any moment between two writes, or in the first of what a step does: that is the same however busy the machine is. */
const moment = (writes: number): Kill => ({
  after: Math.floor(random() * writes),
  millis: random() * longestPause,
  whom: whoever()
})

/** At any moment of a run; each fourth next run is killed too. */
const moments = (strategy: Plan.Strategy, count: number, writes: number): ReadonlyArray<Trial> =>
  Array.from({ length: count }, (_, i) => {
    const second =
      i % 8 === 3 ? [moment(writes)] : i % 8 === 7 ? [boundary(1 + Math.floor(random() * writes), "torn")] : []
    return { strategy, kills: [moment(writes), ...second], resume: random() < 0.5 }
  })

const tell = ({ kills, resume, strategy }: Trial): string => JSON.stringify({ strategy, kills, resume })

/** Does all trials, some at a time, and sums up what has come of them. */
const all = async (ground: Ground, should: ReadonlyArray<string>, trials: ReadonlyArray<Trial>) => {
  const sum = { interrupted: 0, lost: 0, double: 0, unsure: 0 }
  const problems: Array<string> = []
  const rest = [...trials]
  const lane = async (): Promise<void> => {
    for (let trial = rest.shift(); trial !== undefined; trial = rest.shift()) {
      const outcome: Outcome = await judge(ground, should, trial)
      for (const key of ["interrupted", "lost", "double", "unsure"] as const) sum[key] += outcome[key]
      if (outcome.problems.length > 0) problems.push(`${tell(trial)}\n  ${outcome.problems.join("\n  ")}`)
    }
  }
  await Promise.all(Array.from({ length: atATime }, lane))
  return { ...sum, problems }
}

const summary = (
  name: string,
  trials: number,
  seconds: number,
  { double, interrupted, lost, unsure }: Omit<Outcome, "problems">
) =>
  `${name}: ${trials} trials, ${interrupted} runs cut off, ${lost} lost, ${double} double, ${unsure} said to be unsure, ${seconds.toFixed(0)} s`

describe("a deployment that is killed", () => {
  const ground = forThisFile(atATime)

  /** What runs that nobody disturbs end in, as many at a time as are tried. */
  const standard = async (strategy: Plan.Strategy) => {
    const [one, ...others] = await Promise.all([
      undisturbed(ground(), strategy),
      ...Array.from({ length: atATime - 1 }, () => undisturbed(ground(), strategy))
    ])
    for (const { picture } of others) assert.deepStrictEqual(picture, one.picture)
    return { picture: one.picture, writes: one.answer.writes }
  }

  const sweep = async (name: string, strategy: Plan.Strategy, trials: (writes: number) => ReadonlyArray<Trial>) => {
    const begun = performance.now()
    const { picture, writes } = await standard(strategy)
    const planned = trials(writes)
    const result = await all(ground(), picture, planned)
    console.log(summary(name, planned.length, (performance.now() - begun) / 1000, result))
    assert.isEmpty(
      result.problems,
      `${result.problems.length} of ${planned.length}:\n${result.problems.slice(0, 10).join("\n")}`
    )
    assert.deepStrictEqual([result.lost, result.double], [0, 0])
    return { ...result, planned, writes }
  }

  it("at every write of its journal ends as if it were not", { timeout: 900_000 }, async () => {
    const { interrupted, planned, writes } = await sweep("boundaries", "update", (writes) =>
      boundaries("update", writes, full ? "each" : "one")
    )
    assert.isAbove(writes, 50)
    assert.strictEqual(interrupted, planned.filter(cutsOff(writes)).length)
  })

  it("at any moment ends as if it were not", { timeout: 900_000 }, async () => {
    const { interrupted } = await sweep("moments", "update", (writes) =>
      moments("update", randomMoments.update, writes)
    )
    // Three of four trials kill one run, which nearly always has a journal; the others a second, which may have ended.
    assert.isAbove(interrupted, (2 / 3) * randomMoments.update)
  })

  it("while it starts afresh ends as if it were not", { timeout: 900_000 }, async () => {
    await sweep("fresh", "fresh", (writes) => [
      // Its beginning alone is another.
      ...boundaries("fresh", 9, full ? "each" : "one"),
      ...moments("fresh", randomMoments.fresh, writes)
    ])
  })
})
