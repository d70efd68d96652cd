import * as fs from "node:fs"
import * as path from "node:path"
import type { TestProject } from "vitest/node"
import { root } from "../../scripts/lib/workspace.ts"
import type { Example } from "./examples.ts"
import { readExamples } from "./examples.ts"

declare module "vitest" {
  export interface ProvidedContext {
    readonly examples: ReadonlyArray<Example>
  }
}

/** Within the repository, where packages are found by name. */
export default async function setup(project: TestProject): Promise<() => void> {
  const folder = fs.mkdtempSync(path.join(root, ".examples-"))
  const teardown = () => fs.rmSync(folder, { recursive: true })
  try {
    project.provide("examples", await readExamples(folder))
    return teardown
  } catch (error) {
    teardown()
    throw error
  }
}
