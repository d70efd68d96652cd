/** One at a time: real processes race for the lock, and real SIGKILLs end who has it. */
import { assert, describe, it } from "vitest"
import { type Answer, type Contender, contender } from "./support/contender.ts"
import { inFolder } from "./support/folder.ts"

const rounds = 100
const most = 20

/** Numbers that look random, and are the same in each run of the test. */
const randomOf = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** Processes that race: one that is killed is replaced while the others go on. */
const makeField = async (directory: string) => {
  const ready = await Promise.all(Array.from({ length: most }, () => contender(directory)))
  const coming = new Set<Promise<unknown>>()
  const replace = (): void => {
    const one = contender(directory).then((arrived) => {
      ready.push(arrived)
      coming.delete(one)
    })
    coming.add(one)
  }
  return {
    draw: async (count: number, random: (below: number) => number): Promise<ReadonlyArray<Contender>> => {
      while (ready.length < count) await Promise.race(coming)
      const rest = [...ready]
      return Array.from({ length: count }, () => rest.splice(random(rest.length), 1)).flat()
    },
    kill: async (one: Contender): Promise<void> => {
      ready.splice(ready.indexOf(one), 1)
      await one.kill()
      replace()
    },
    end: async (): Promise<void> => {
      await Promise.all(coming)
      await Promise.all(ready.map((one) => one.kill()))
    }
  }
}

/** Waits until it waits. */
const queued = async (one: Contender): Promise<{ readonly outcome: Promise<Answer> }> => {
  let outcome = Promise.resolve<Answer>({ said: "done" })
  await new Promise<void>((resolve) => {
    outcome = one.ask({ ask: "take", wait: 60_000 }, () => resolve())
  })
  return { outcome }
}

const greatest = (numbers: ReadonlyArray<number>): number => Math.round(Math.max(0, ...numbers))

/** One gets it, and all others are told at once which. */
const race = async (racing: ReadonlyArray<Contender>, round: number) => {
  const answers = await Promise.all(racing.map((one) => one.ask({ ask: "take" })))
  const all = `round ${round}: ${JSON.stringify(answers)}`
  const [place, ...more] = answers.flatMap((answer, i) => (answer.said === "held" ? [i] : []))
  assert.isDefined(place, all)
  assert.isEmpty(more, all)
  const [winner, won] = [racing[place ?? 0]!, answers[place ?? 0]!]
  const refused = answers.filter((answer) => answer.said === "refused")
  assert.lengthOf(refused, racing.length - 1, all)
  for (const { pid, run } of refused) {
    assert.deepStrictEqual({ pid, run }, { pid: winner.pid, run: won.said === "held" ? won.run : 0 }, all)
  }
  return { winner, losers: racing.filter((one) => one !== winner), refusals: refused.map(({ millis }) => millis) }
}

describe("a race for the lock", () => {
  it(
    `is won by one of 2 to ${most} processes in ${rounds} rounds, the others are told by which, and killing it is no matter`,
    {
      timeout: 180_000
    },
    () =>
      inFolder(async (directory) => {
        const begun = performance.now()
        const random = randomOf(20_260_728)
        const field = await makeField(directory)
        const refusals: Array<number> = []
        const takeovers: Array<number> = []
        let killed = 0
        try {
          for (let round = 0; round < rounds; round++) {
            const found = await race(await field.draw(2 + random(most - 1), random), round)
            refusals.push(...found.refusals)
            const { winner } = found
            // A run that has begun leaves a number, another leaves none: the next one is a greater run, or the same again.
            if (random(2) === 0) await winner.ask({ ask: "begin", text: "{}\n" })
            if (random(3) !== 0) {
              assert.deepStrictEqual(await winner.ask({ ask: "release" }), { said: "done" })
              continue
            }
            const loser = random(2) === 0 ? found.losers[0] : undefined
            const next = loser === undefined ? undefined : await queued(loser)
            const at = Date.now()
            await field.kill(winner)
            killed++
            if (next === undefined) continue
            const taken = await next.outcome
            assert.strictEqual(taken.said, "held", JSON.stringify(taken))
            if (taken.said === "held") takeovers.push(taken.at - at)
            assert.deepStrictEqual(await loser?.ask({ ask: "release" }), { said: "done" })
          }
        } finally {
          await field.end()
        }
        console.log(
          `${rounds} rounds in ${Math.round(performance.now() - begun)} ms: ${refusals.length} refused (slowest after ` +
            `${greatest(refusals)} ms), ${killed} killed, ${takeovers.length} taken over (slowest after ${greatest(takeovers)} ms)`
        )
        assert.isAtLeast(killed, rounds / 5)
        assert.isAtLeast(takeovers.length, rounds / 10)
        assert.isBelow(greatest(takeovers), 1_000)
        assert.isBelow(greatest(refusals), 2_000)
      })
  )
})
