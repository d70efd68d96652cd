/** A process of its own that holds the lock of a store until it is killed: `node holder.ts URL`. Says who got it. */
import { Journal, Store } from "@shipshape/core"
import * as Effect from "effect/Effect"
import { claim, place, storeOf } from "./store.ts"

const [url = ""] = process.argv.slice(2)

const hold = Effect.gen(function* () {
  const store = yield* Store.Store
  const lease = yield* store.of(place).acquire(claim("process"))
  yield* lease.begin(Journal.encode({ _tag: "UndoBegan", at: 0, step: "x", fence: lease.run }))
  yield* lease.at("migrate")
  console.log(`run ${lease.run}`)
  return yield* Effect.never
})

await Effect.runPromise(
  hold.pipe(
    Effect.scoped,
    Effect.provide(storeOf({ url })),
    Effect.catch((error) => Effect.sync(() => console.log(error.message)))
  )
)
