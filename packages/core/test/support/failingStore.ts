/** A store whose n-th write fails, with or without having been made, once or from then on. */
import { Store } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

interface Fault {
  readonly at: number
  /** Whether the write has reached the disk all the same, and only the syncing failed. */
  readonly written: boolean
  readonly forGood: boolean
  /** Called when it fails first. */
  readonly onFailure: (what: keyof Store.Lease) => void
}

const writes = ["begin", "append", "writeRelease", "removeRelease", "removeRun"] as const

/** How many writes were tried is in `count`. */
export const failing = (inner: Layer.Layer<Store.Store>, fault: Fault, count: { writes: number }) =>
  Layer.effect(
    Store.Store,
    Effect.map(Store.Store, (store) => {
      const failed = Effect.fail(
        new Store.StoreFailed({ message: "no space left", hint: "free disk space", retryable: true })
      )
      const wrapped = (lease: Store.Lease): Store.Lease => ({
        ...lease,
        ...Object.fromEntries(
          writes.map((name) => [
            name,
            (given: never) =>
              Effect.suspend(() => {
                const write = lease[name](given)
                const number = ++count.writes
                if (number !== fault.at && !(fault.forGood && number > fault.at)) return write
                if (number === fault.at) fault.onFailure(name)
                return fault.written ? Effect.andThen(write, failed) : failed
              })
          ])
        )
      })
      return {
        of: (place) => {
          const operations = store.of(place)
          return { ...operations, acquire: (claim) => Effect.map(operations.acquire(claim), wrapped) }
        }
      }
    })
  ).pipe(Layer.provide(inner))
