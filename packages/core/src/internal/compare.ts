/** What differs between a plan that was approved and the one that the world calls for now. */
import * as Schema from "effect/Schema"
import { Plan } from "../Plan.ts"
import type { Ingredients } from "../Proposal.ts"
import { PlanStale } from "../RunError.ts"
import { differences } from "./difference.ts"

type Differing = PlanStale["differences"][number]

const encodePlan = Schema.encodeSync(Plan)

const between = (
  about: string,
  approved: Schema.Json | undefined,
  current: Schema.Json | undefined
): ReadonlyArray<Differing> =>
  differences(approved, current).map(({ after, before, path }) => ({
    about,
    path,
    ...(before === undefined ? {} : { approved: before }),
    ...(after === undefined ? {} : { current: after })
  }))

/** Step by step, in the order of the present plan: its definition, its input, what was found, what is planned. */
const compare = (approved: Ingredients, current: Ingredients): ReadonlyArray<Differing> => {
  const [before, now] = [stepsOf(approved), stepsOf(current)]
  const ids = [...new Set([...now.keys(), ...before.keys()])]
  const [was, is] = [headOf(approved.plan), headOf(current.plan)]
  return [
    ...between("the run", was, is),
    ...between("inputs", approved.inputs, current.inputs),
    ...between("versions", approved.versions, current.versions),
    ...ids.flatMap((id) => between(id, before.get(id), now.get(id)))
  ]
}

const stepsOf = ({ definition, facts, plan }: Ingredients): ReadonlyMap<string, Schema.Json> => {
  const encoded = encodePlan(plan).steps
  return new Map(
    plan.steps.map(({ id }, i) => [
      id,
      // What is there by itself is not told twice: id and type stand in the definition.
      { defined: definition[id] ?? null, found: facts[id] ?? null, planned: jsonOf(encoded[i]) }
    ])
  )
}

const headOf = ({ backTo, data, deployment, environment, onFailure, strategy }: Plan): Schema.Json =>
  jsonOf({ backTo, data, deployment, environment, onFailure, strategy })

/** Plain data as the JSON that it is. */
const jsonOf = (value: unknown): Schema.Json => JSON.parse(JSON.stringify(value)) as Schema.Json

/** The error for a plan that is not the one that was approved. */
export const stale = (approved: Ingredients, current: Ingredients): PlanStale => {
  const found = compare(approved, current)
  const abouts = [...new Set(found.map(({ about }) => about))]
  const names = abouts.map((about) => (current.definition[about] === undefined ? about : `“${about}”`)).join(", ")
  return new PlanStale({
    approved: approved.plan.digest,
    current: current.plan.digest,
    differences: found,
    message: `what was approved is not what would be applied now: ${names || "the plan"} ${abouts.length === 1 ? "differs" : "differ"}`,
    hint: "look at the new plan, and approve that",
    tail: found.slice(0, shownDifferences).map(lineOf)
  })
}

/** A person needs the first ones to see what has happened; a program gets all. */
const shownDifferences = 20

const lineOf = ({ about, approved, current, path }: Differing): string =>
  `${about}${path === "" ? "" : ` ${path}`}: ${approved ?? "nothing"} → ${current ?? "nothing"}`
