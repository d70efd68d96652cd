import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { FileStore, Journal, Store, Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import type { World } from "./world.ts"

const place = (folder: string, deployment: string, environment: string): string =>
  join(folder, ".shipshape", deployment, environment)

/** The journal's file of the last run. */
export const lastJournal = (
  { folder }: Pick<World, "folder">,
  deployment = "shop",
  environment = "staging"
): string => {
  const runs = join(place(folder, deployment, environment), "runs")
  return join(runs, readdirSync(runs).sort().at(-1) ?? "none")
}

export const recordsOf = (file: string): ReadonlyArray<Journal.Record> =>
  Journal.decode(readFileSync(file, "utf8")).records

/** Lets the last run look as if its power had gone right after the first record that `until` holds for; it left no release. */
export const cutOff = (
  here: Pick<World, "folder">,
  until: (record: Journal.Record) => boolean,
  environment = "staging"
): void => {
  const file = lastJournal(here, "shop", environment)
  const records = recordsOf(file)
  const at = records.findIndex(until)
  if (at === -1) throw new Error("there is no such record")
  writeFileSync(
    file,
    records
      .slice(0, at + 1)
      .map(Journal.encode)
      .join("")
  )
  const number = /(\d+)\.ndjson$/.exec(file)?.[1]
  rmSync(join(place(here.folder, "shop", environment), "releases", `${number}.json`), { force: true })
}

export const began =
  (step: string) =>
  (record: Journal.Record): boolean =>
    record._tag === "AttemptBegan" && record.step === step

/** Holds the lock of a deployment, as another run does, until it is let go. */
export const holdLock = async ({ folder }: Pick<World, "folder">, environment = "staging") => {
  const scope = Effect.runSync(Scope.make())
  const layer = Layer.provide(FileStore.layer(), Target.local({ directory: folder }))
  const lease = await Effect.runPromise(
    Effect.gen(function* () {
      const store = yield* Store.Store
      const who = { user: "ada", host: "ci-7", pid: process.pid }
      return yield* store
        .of({ deployment: "shop", environment })
        .acquire({ mode: "apply", who, wait: undefined, onWait: () => {} })
    }).pipe(Effect.provide(layer), Scope.provide(scope))
  )
  return {
    lease,
    at: (step: string) => Effect.runPromise(lease.at(step)),
    release: () => Effect.runPromise(Scope.close(scope, Exit.void))
  }
}
