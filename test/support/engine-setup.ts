import { execFile } from "node:child_process"
import { promisify } from "node:util"
import type { TestProject } from "vitest/node"

declare module "vitest" {
  export interface ProvidedContext {
    /** Why tests that need a Docker engine cannot run, if they cannot. */
    readonly engineMissing: string | undefined
  }
}

const run = promisify(execFile)

/** Says why no Docker engine answers, or nothing when one does. */
const findMissing = async (): Promise<string | undefined> => {
  try {
    await run("docker", ["version", "--format", "{{.Server.Version}}"], { timeout: 5_000 })
    return undefined
  } catch (error) {
    const { code, killed, stderr } = error as { code?: string | number; killed?: boolean; stderr?: string }
    if (code === "ENOENT") return "docker is not installed"
    if (killed === true) return "docker did not answer within 5 s"
    return stderr?.trim().split("\n").at(-1) || String(error)
  }
}

// Every engine project loads this module anew; what was found is kept, and said, once for all of them.
const shared = globalThis as { engineMissing?: Promise<string | undefined> }

const findOnce = async (): Promise<string | undefined> => {
  const reason = await findMissing()
  if (reason === undefined) return undefined
  const because = `no Docker engine is reachable (${reason})`
  if (process.env.CI === "true") throw new Error(`engine tests cannot run: ${because}`)
  console.log(`engine tests skipped: ${because}`)
  return reason
}

/**
 * Looks for a Docker engine before the tests that need it. A developer's machine may lack one, and these tests are
 * skipped; CI may not, as a test that silently never runs protects nothing.
 */
export default async function setup(project: TestProject): Promise<void> {
  shared.engineMissing ??= findOnce()
  project.provide("engineMissing", await shared.engineMissing)
}
