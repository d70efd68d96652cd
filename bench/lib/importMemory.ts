/** Imports a folder, and prints how much memory that has taken beyond what the process had before: HOST USER DATABASE FOLDER. */
import { PostgresData } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import { importing, layerOf } from "./postgres.ts"

const [host = "", user = "", database = "", directory = ""] = process.argv.slice(2)

const load = Effect.flatMap(PostgresData.DataControl, (data) => data.importData(importing(directory)))

const used = () => {
  const { arrayBuffers, heapUsed, rss } = process.memoryUsage()
  return { rss, live: heapUsed + arrayBuffers }
}

globalThis.gc?.()
const before = used()
const most = { ...before }
const note = () => {
  const now = used()
  most.rss = Math.max(most.rss, now.rss)
  most.live = Math.max(most.live, now.live)
}
const everyFew = setInterval(note, 10)
// What is alive, and not what is not collected yet.
const alive: Array<number> = []
const collecting = setInterval(() => {
  globalThis.gc?.()
  alive.push(used().live)
}, 250)
await Effect.runPromise(Effect.provide(load, layerOf({ host, user }, database)))
clearInterval(everyFew)
clearInterval(collecting)
const mb = (bytes: number) => bytes / 1024 / 1024
console.log(
  JSON.stringify({ rss: mb(most.rss - before.rss), alive: mb(Math.max(before.live, ...alive) - before.live) })
)
