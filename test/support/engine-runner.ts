import { inject, type RunnerTestFile, type RunnerTestSuite, TestRunner } from "vitest"

/** Marks whole files as skipped when there is no Docker engine, so that not even their hooks run. */
export default class EngineRunner extends TestRunner {
  onCollected(files: ReadonlyArray<RunnerTestFile>): void {
    if (inject("engineMissing") !== undefined) files.forEach(skip)
  }
}

const skip = (suite: RunnerTestSuite): void => {
  suite.mode = "skip"
  for (const task of suite.tasks) {
    if (task.type === "suite") skip(task)
    else task.mode = "skip"
  }
}
