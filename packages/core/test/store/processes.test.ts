/** What ends a holder, and what does not. */
import * as fs from "node:fs"
import * as path from "node:path"
import { assert, describe, it } from "vitest"
import { signal, treeOf } from "../../../../test/support/processTree.ts"
import { type Answer, type Contender, contender } from "./support/contender.ts"
import { inFolder } from "./support/folder.ts"

const withTwo = (use: (first: Contender, second: Contender, directory: string) => Promise<void>): Promise<void> =>
  inFolder(async (directory) => {
    const both = await Promise.all([contender(directory), contender(directory)])
    try {
      await use(...both, directory)
    } finally {
      await Promise.all(both.map((one) => one.kill()))
    }
  })

const runOf = (answer: Answer): number | undefined => (answer.said === "held" ? answer.run : undefined)

/** The processes that hold the lock for a contender. */
const keepersOf = ({ pid }: Contender): ReadonlyArray<number> => {
  const [, ...keepers] = treeOf(pid).filter((one) => isKeeper(one) || one === pid)
  return keepers
}
const isKeeper = (pid: number): boolean => /^(flock|tee)\0/.test(fs.readFileSync(`/proc/${pid}/cmdline`, "utf8"))

const endOf = (pids: ReadonlyArray<number>): Promise<void> =>
  until(() => pids.every((pid) => !fs.existsSync(`/proc/${pid}`)))

const until = async (is: () => boolean): Promise<void> => {
  const end = Date.now() + 60_000
  while (!is()) {
    if (Date.now() > end) assert.fail("it never became so")
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

describe.skipIf(process.platform !== "linux")("the holder of the lock", () => {
  it("takes two processes, which end with it when it is killed", () =>
    withTwo(async (first, second) => {
      await first.ask({ ask: "take" })
      const keepers = keepersOf(first)
      assert.lengthOf(keepers, 2)
      await first.kill()
      await endOf(keepers)
      assert.strictEqual(runOf(await second.ask({ ask: "take" })), 1)
    }))

  it("leaves no lock when all its processes are killed at once, as by a host that goes down", () =>
    withTwo(async (first, second) => {
      await first.ask({ ask: "take" })
      await first.ask({ ask: "begin", text: "{}\n" })
      const tree = treeOf(first.pid)
      assert.isAtLeast(tree.length, 3)
      // The others end by themselves once the first has.
      for (const pid of tree) signal(pid, "SIGKILL")
      await first.kill()
      // A killed process holds what it holds until it is gone.
      await endOf(tree)
      assert.strictEqual(runOf(await second.ask({ ask: "take" })), 2)
    }))

  it("keeps it through a Ctrl-C at its terminal, until it has closed its journal", () =>
    withTwo(async (first, second) => {
      await first.ask({ ask: "take" })
      await first.ask({ ask: "begin", text: "{}\n" })
      const keepers = keepersOf(first)
      await first.interrupt()
      await first.interrupt()
      assert.deepStrictEqual(await first.ask({ ask: "append", text: "{}\n" }), { said: "done" })
      assert.deepInclude(await second.ask({ ask: "take" }), { said: "refused", run: 1, pid: first.pid })
      assert.deepStrictEqual(keepersOf(first), keepers)
      assert.deepStrictEqual(await first.ask({ ask: "release" }), { said: "done" })
      assert.strictEqual(runOf(await second.ask({ ask: "take" })), 2)
    }))

  it.each([
    ["flock", [0]],
    ["tee", [1]],
    ["both at once", [0, 1]]
  ])("hears that it has lost the lock when a person kills %s, and can write no more", (_, which) =>
    withTwo(async (first, second) => {
      await first.ask({ ask: "take" })
      await first.ask({ ask: "begin", text: "{}\n" })
      assert.deepStrictEqual(await first.ask({ ask: "held" }), { said: "done" })
      const lost = first.ask({ ask: "lost" })
      const keepers = keepersOf(first)
      for (const i of which) signal(keepers[i]!, "SIGKILL")
      const said = await lost
      assert.match(said.said === "failed" ? said.message : "", /run 1 has lost the lock: the process that held it/)
      for (const ask of ["held", "append", "begin"] as const) {
        const refused = await first.ask({ ask, text: "{}\n" })
        assert.match(refused.said === "failed" ? refused.message : "", /run 1 has lost the lock/, ask)
      }
      assert.strictEqual(runOf(await second.ask({ ask: "take" })), 2)
      // Its end does not take away what another has.
      await first.ask({ ask: "release" })
      assert.deepStrictEqual(await second.ask({ ask: "held" }), { said: "done" })
    })
  )

  it("hears that its files were removed, also where another run has made them anew", () =>
    withTwo(async (first, second, directory) => {
      await first.ask({ ask: "take" })
      fs.rmSync(path.join(directory, ".shipshape"), { recursive: true })
      const gone = await first.ask({ ask: "held" })
      assert.match(gone.said === "failed" ? gone.message : "", /its files were removed/)
      assert.strictEqual(runOf(await second.ask({ ask: "take" })), 1)
      const late = await first.ask({ ask: "append", text: "{}\n" })
      assert.match(late.said === "failed" ? late.message : "", /another run has taken it/)
      assert.deepStrictEqual(await second.ask({ ask: "held" }), { said: "done" })
    }))

  it("that is killed while it waits disturbs nobody", () =>
    withTwo(async (first, second) => {
      await first.ask({ ask: "take" })
      await new Promise<void>((waits) => void second.ask({ ask: "take", wait: 60_000 }, () => waits()))
      await until(() => keepersOf(second).length > 0)
      const waiters = keepersOf(second)
      await second.kill()
      assert.deepStrictEqual(await first.ask({ ask: "held" }), { said: "done" })
      for (let i = 0; i < 5; i++) {
        await first.ask({ ask: "release" })
        assert.strictEqual(runOf(await first.ask({ ask: "take" })), 1)
      }
      await endOf(waiters)
    }))
})
