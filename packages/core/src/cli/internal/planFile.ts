/** Plans as files: they are approved here, and applied there. */
import { readFile, stat } from "node:fs/promises"
import { dirname, resolve } from "node:path"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as localFiles from "../../internal/localFiles.ts"
import * as Proposal from "../../Proposal.ts"
import { type UsageInvalid, usage } from "./usage.ts"

const messageOf = (cause: unknown): string => (Predicate.isError(cause) ? cause.message : String(cause))

export const readPlan = Effect.fnUntraced(function* (directory: string, file: string) {
  const text = yield* Effect.tryPromise({
    try: () => readFile(resolve(directory, file), "utf8"),
    catch: (cause) =>
      usage(`cannot read the plan ${file}: ${messageOf(cause)}`, "give a file that `plan --out` has written")
  })
  return yield* Proposal.parse(text)
})

/** Says, before anything is looked at, whether a plan can be saved there: nothing but another plan is written over. */
export const checkPlanPlace = (directory: string, file: string): Effect.Effect<void, UsageInvalid> =>
  Effect.gen(function* () {
    const path = resolve(directory, file)
    const content = yield* Effect.promise(() => readFile(path, "utf8").catch((cause: unknown) => cause))
    if (Predicate.isString(content)) {
      if (isPlan(content)) return
      return yield* usage(
        `${file} is there already, and it is no saved plan`,
        "give another file behind --out, or move that one away"
      )
    }
    const folder = yield* Effect.promise(() => stat(dirname(path)).catch(() => undefined))
    if (!Predicate.hasProperty(content, "code") || content.code !== "ENOENT" || folder?.isDirectory() !== true) {
      return yield* usage(
        `the plan cannot be saved to ${file}: ${folder === undefined ? "its folder is not there" : messageOf(content)}`,
        "correct the path behind --out"
      )
    }
  })

const isPlan = (content: string): boolean => {
  try {
    const json: unknown = JSON.parse(content)
    return Predicate.hasProperty(json, "format") && json.format === "shipshape-plan"
  } catch {
    return false
  }
}

/** Writes it as a whole, for its owner only. */
export const savePlan = (directory: string, file: string, proposal: Proposal.Proposal) =>
  localFiles.make(directory).writeFile(file, Proposal.text(proposal), { mode: 0o600 })
