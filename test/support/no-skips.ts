import type { Reporter, TestModule } from "vitest/node"

/** In CI nothing is skipped: a program or an engine that a test needs and does not find is a missing install step. */
export default class NoSkips implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>): void {
    const skipped = modules.flatMap((module) =>
      [...module.children.allTests("skipped")].map((test) => `${module.relativeModuleId} › ${test.fullName}`)
    )
    if (skipped.length === 0) return
    console.error(`\n${skipped.length} tests were skipped, and in CI none may be:\n  ${skipped.join("\n  ")}`)
    process.exitCode = 1
  }
}
