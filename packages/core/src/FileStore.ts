/**
 * The store in files, on the target: where a deployment acts, there its lock, its journal and its releases are.
 *
 * The folder of a deployment and environment holds `lock`, which the operating system locks for who runs, `holder`, which
 * says who that is, `runs/000042.ndjson` and `releases/000042.json`. Only the user who deploys can read them.
 *
 * The lock ends with the process that holds it, however that ends: nobody has to clear it. It needs `flock`, of
 * util-linux or BusyBox, or `lockf` as macOS and FreeBSD have it. A run that somebody has unlocked finds out before it
 * writes anything more, and within a second while it writes nothing.
 *
 * @since 0.1.0
 */
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { makeFileStore } from "./internal/store/fileStore.ts"
import type * as Output from "./Output.ts"
import type { Base } from "./Plugin.ts"
import * as Plugin from "./Plugin.ts"
import * as Store from "./Store.ts"

/**
 * The store in a folder of the target. `directory` is that folder, from the target's working folder on; the default is
 * `.shipshape`.
 *
 * @example
 * ```ts
 * import { FileStore, Store, Target } from "@shipshape/core"
 * import assert from "node:assert"
 * import { mkdtempSync, readFileSync, rmSync } from "node:fs"
 * import { tmpdir, userInfo } from "node:os"
 * import { join } from "node:path"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 *
 * const directory = mkdtempSync(join(tmpdir(), "shipshape-"))
 * const run = Effect.gen(function*() {
 *   const store = (yield* Store.Store).of({ deployment: "edms", environment: "staging" })
 *   const lease = yield* store.acquire({
 *     mode: "apply",
 *     who: { user: userInfo().username, host: "ci-7", pid: process.pid },
 *     wait: undefined,
 *     onWait: () => {}
 *   })
 *   yield* lease.begin('{"_tag":"RunBegan"}\n')
 *   return lease.run
 * })
 * const layer = Layer.provide(FileStore.layer(), Target.local({ directory }))
 * assert.equal(await Effect.runPromise(Effect.scoped(run).pipe(Effect.provide(layer))), 1)
 * assert.match(readFileSync(join(directory, ".shipshape/edms/staging/runs/000001.ndjson"), "utf8"), /RunBegan/)
 * rmSync(directory, { recursive: true })
 * ```
 *
 * @since 0.1.0
 */
export const layer = (options: { readonly directory?: string } = {}): Layer.Layer<Store.Store, never, Base> =>
  Layer.effect(Store.Store, makeFileStore(options.directory ?? ".shipshape"))

/**
 * The same as a plugin, for a deployment's `store`.
 *
 * @example
 * ```ts
 * import { FileStore } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * const store = () => FileStore.plugin({ directory: "/var/lib/shipshape" })
 * assert.equal(store().name, "files")
 * ```
 *
 * @since 0.1.0
 */
export const plugin: (options: {
  /** From the target's working folder on; the default is `.shipshape`. */
  readonly directory?: Output.OrOutput<string>
}) => Plugin.Plugin<Store.Store, never, Base> = Plugin.define("files", {
  version: "0.1.0",
  description: "Lock, journal and releases in a folder of the target",
  steps: {},
  options: { directory: Schema.optionalKey(Schema.NonEmptyString) },
  layer
})
