/**
 * Node.js waits for its compiler threads before it exits, and those may wait for a garbage collection that the main thread
 * will not make any more (https://github.com/nodejs/node/issues/54918): now and then on a busy machine, a command that had
 * done its work and said so did not end. The threads of the baseline compiler are the ones that are
 * at work so early; the others run only in commands that take long.
 */
import { setFlagsFromString } from "node:v8"

/** Up to which major version this holds, as far as is known; later ones may not know the flags. */
const lastAffected = 26

const isAffected = Number(process.versions.node.split(".")[0]) <= lastAffected

const set = (flag: string): void => {
  if (isAffected) setFlagsFromString(flag)
}

/** Has code compiled where it runs, and not beside it: to be called before there is much to compile. */
export const compileInPlace = (): void => set("--no-concurrent-sparkplug")

/** Has nothing more optimised in the background. What is under way ends while the event loop turns once more. */
export const optimiseNoMore = (): void => set("--no-concurrent-recompilation")
