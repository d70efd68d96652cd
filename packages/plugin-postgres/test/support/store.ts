/** Stores in PostgreSQL for tests, as deployments build them. */
import { type ChildProcess, spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { type Lock, type Release, type Store, Target } from "@shipshape/core"
import { Postgres } from "@shipshape/plugin-postgres"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"

type Options = Parameters<typeof Postgres.store>[0]

/** The layer that a deployment would build. */
export const storeOf = (options: Options): Layer.Layer<Store.Store, Store.StoreFailed> =>
  Layer.provide(Result.getOrThrow(Postgres.store(options).layer(new Map())), Target.local())

export const place: Store.Place = { deployment: "edms", environment: "staging" }

export const claim = (user: string, more: Partial<Store.Claim> = {}): Store.Claim => ({
  mode: "apply",
  who: { user, host: "test", pid: process.pid },
  wait: undefined,
  onWait: () => {},
  ...more
})

export const release = (number: number): Release.Release => ({
  format: "shipshape-release",
  v: 1,
  number,
  at: 1_700_000_000_000,
  deployment: place.deployment,
  environment: place.environment,
  who: { user: "ada", host: "test", pid: 1 },
  plan: "0".repeat(64),
  versions: { shipshape: "0.1.0" },
  parts: { web: { type: "docker.up", part: { image: "sha256:1", "it's": ["\u0000", null, 1.5] } } }
})

export const runOf = (error: Lock.LockHeld | Store.StoreFailed): number | undefined =>
  error._tag === "LockHeld" ? error.holder?.run : undefined

/** A process that holds the lock once it has said so; what it says is its first line. */
export const startHolder = (url: string): { readonly process: ChildProcess; readonly said: Promise<string> } => {
  const file = fileURLToPath(new URL("./holder.ts", import.meta.url))
  const child = spawn(process.execPath, ["--conditions=@shipshape/source", file, url], {
    stdio: ["ignore", "pipe", "inherit"]
  })
  const lines = createInterface({ input: child.stdout })
  return {
    process: child,
    said: new Promise((resolve, reject) => {
      lines.once("line", resolve)
      child.once("exit", (code, signal) => reject(new Error(`the holder ended: ${code ?? signal}`)))
    })
  }
}
