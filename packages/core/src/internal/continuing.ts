/** Whether an interrupted run can be gone on with: what it said of itself, and what has changed since. */
import type * as Schema from "effect/Schema"
import type { RecordOf } from "../Journal.ts"
import type { Ingredients } from "../Proposal.ts"
import { ResumeRefused } from "../RunError.ts"
import { differences } from "./difference.ts"
import { digest } from "./digest.ts"
import type { Unfinished } from "./past.ts"

type Definition = RecordOf<"Planned">["definition"]

/** Stands for an input that is known only while the run goes on. */
const unknown = "?"

const isRecord = (json: Schema.Json | undefined): json is { readonly [key: string]: Schema.Json } =>
  typeof json === "object" && json !== null && !Array.isArray(json)

/** What the journal keeps of a deployment, so that a later process can tell whether it is still the same. */
export const definitionOf = ({ definition, facts, inputs }: Ingredients): Definition => ({
  inputs: Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)])
  ),
  steps: Object.fromEntries(
    Object.entries(definition).map(([id, defined]) => {
      const fact = facts[id]
      const input = isRecord(fact) && "input" in fact ? digest(fact.input) : unknown
      return [id, `${digest(defined)} ${input}`]
    })
  )
})

/** What has changed since an interrupted run was planned, each as a person reads it. */
const changes = (before: Definition, now: Definition): ReadonlyArray<string> => [
  ...differences(before.inputs, now.inputs).map(
    ({ after, before: was, path }) => `input “${path}” was ${was ?? "not there"} and is ${after ?? "not there"}`
  ),
  ...Object.keys(now.steps).flatMap((id) => stepChange(id, before.steps[id], now.steps[id])),
  ...Object.keys(before.steps).flatMap((id) => (now.steps[id] === undefined ? [`step “${id}” is there no longer`] : []))
]

const stepChange = (id: string, before: string | undefined, now: string | undefined): ReadonlyArray<string> => {
  if (before === undefined) return [`step “${id}” is new`]
  const [[defined, input], [definedNow, inputNow]] = [before.split(" "), (now ?? "").split(" ")]
  if (defined !== definedNow) return [`step “${id}” stands otherwise in the deployment`]
  return input === inputNow || input === unknown || inputNow === unknown ? [] : [`the input of step “${id}” is another`]
}

/** The refusal, where what was interrupted is no longer what is here. */
export const refusal = ({ interrupted, planned }: Unfinished, now: Ingredients): ResumeRefused | undefined => {
  const changed = planned === undefined ? [] : changes(planned.definition, definitionOf(now))
  return changed.length === 0
    ? undefined
    : new ResumeRefused({
        run: interrupted.run,
        changed,
        message: `run ${interrupted.run} cannot be resumed, because the deployment has changed since: ${changed.join("; ")}`,
        hint: "put it back as it was and resume, or `apply` what it is now: the world is looked at anew"
      })
}
