/** What the tests of one file try deployments on: a server, worlds on it, and processes that run them. */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { afterAll, beforeAll } from "vitest"
import { type Embedded, start } from "../support/embedded.ts"
import { type Workers, workers } from "./workers.ts"
import { type Worlds, worlds } from "./world.ts"

export interface Ground {
  readonly server: Embedded
  readonly worlds: Worlds
  readonly workers: Workers
}

/** Makes it before the tests, for so many processes at a time, and removes it after them. */
export const forThisFile = (atATime: number): (() => Ground) => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "shipshape-crash-"))
  let ground: Ground | undefined
  beforeAll(async () => {
    const server = await start()
    const compiled = path.join(root, "compiled")
    ground = { server, worlds: await worlds(server, root), workers: await workers(atATime, compiled) }
  })
  afterAll(async () => {
    await ground?.workers.end()
    await ground?.server.stop()
    fs.rmSync(root, { recursive: true, force: true })
  })
  return () => {
    if (ground === undefined) throw new Error("the ground is used before the tests run")
    return ground
  }
}
