/**
 * A plan with all that it was made of: what is saved, approved by somebody, and held against the world before it is
 * applied. It holds no secrets.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { Actor } from "./Actor.ts"
import * as Failure from "./Failure.ts"
import { digest } from "./internal/digest.ts"
import { formatIssue } from "./internal/issue.ts"
import { Plan } from "./Plan.ts"

/**
 * The schema of {@link Proposal}: what `plan --out` writes.
 *
 * @example
 * ```ts
 * import { Proposal } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * assert.deepEqual(Object.keys(Proposal.Proposal.fields).slice(0, 3), ["format", "v", "seal"])
 * ```
 *
 * @since 0.1.0
 */
export const Proposal = Schema.Struct({
  format: Schema.Literal("shipshape-plan"),
  v: Schema.Literal(1),
  /** SHA-256 over the rest. */
  seal: Schema.String,
  plan: Plan,
  /** What looking has found, by step: its input, and its output where there is one. */
  facts: Schema.Record(Schema.String, Schema.Json),
  /** The deployment's inputs by name; secrets are left out. */
  inputs: Schema.Record(Schema.String, Schema.Json),
  /** How each step stands in the deployment. */
  definition: Schema.Record(Schema.String, Schema.Json),
  /** Versions of Shipshape and of the plugins, by name. */
  versions: Schema.Record(Schema.String, Schema.String),
  only: Schema.optionalKey(Schema.Array(Schema.String)),
  skip: Schema.optionalKey(Schema.Array(Schema.String)),
  /** What a rollback may do. */
  allowed: Schema.optionalKey(Schema.Struct({ schema: Schema.Boolean, data: Schema.Boolean })),
  /** Milliseconds since 1970. */
  at: Schema.Number,
  who: Actor
})

/**
 * A plan, and what it was made of.
 *
 * @since 0.1.0
 */
export interface Proposal extends Schema.Schema.Type<typeof Proposal> {}

/**
 * A file is no plan that this version can read. Nothing has run.
 *
 * @since 0.1.0
 */
export class ProposalInvalid extends Schema.TaggedError<ProposalInvalid>()("ProposalInvalid", {
  ...Failure.fields("core.proposal-invalid")
}) {}

/**
 * A saved plan was changed after it was made. Nothing has run.
 *
 * @since 0.1.0
 */
export class PlanTampered extends Schema.TaggedError<PlanTampered>()("PlanTampered", {
  ...Failure.fields("core.plan-tampered")
}) {}

/**
 * What the plan's digest is made of.
 *
 * @since 0.1.0
 */
export type Ingredients = Pick<Proposal, "plan" | "facts" | "inputs" | "definition" | "versions">

/**
 * The digest that a plan must have: over the definition, the inputs, the versions, the facts, and what follows from them.
 *
 * @example
 * ```ts
 * import { type Plan, Proposal } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * const plan: Plan.Plan = {
 *   deployment: "edms", environment: "staging", data: "disposable", strategy: "update", digest: "", steps: [],
 *   summary: { none: 0, apply: 0, deferred: 0, blocked: 0 }
 * }
 * const digest = Proposal.digestOf({ plan, facts: {}, inputs: {}, definition: {}, versions: {} })
 * assert.match(digest, /^[0-9a-f]{64}$/)
 * ```
 *
 * @since 0.1.0
 */
export const digestOf = ({ definition, facts, inputs, plan, versions }: Ingredients): string => {
  const { digest: _digest, interrupted: _interrupted, ...rest } = plan
  return digest({ plan: rest, facts, inputs, definition, versions })
}

/**
 * Puts the seal on a proposal.
 *
 * @example
 * ```ts
 * import { type Plan, Proposal } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * const plan: Plan.Plan = {
 *   deployment: "edms", environment: "staging", data: "disposable", strategy: "update", digest: "", steps: [],
 *   summary: { none: 0, apply: 0, deferred: 0, blocked: 0 }
 * }
 * const who = { user: "ada", host: "ci-7", pid: 4711 }
 * const made = { plan, facts: {}, inputs: {}, definition: {}, versions: {}, at: 0, who }
 * assert.equal(Proposal.sealed(made).seal.length, 64)
 * ```
 *
 * @since 0.1.0
 */
export const sealed = (made: Omit<Proposal, "format" | "v" | "seal">): Proposal => ({
  format: "shipshape-plan",
  v: 1,
  seal: digest(made),
  ...made
})

const encode = Schema.encodeSync(Proposal)
const decode = Schema.decodeUnknownResult(Proposal)

/**
 * The text of a saved plan.
 *
 * @example
 * ```ts
 * import { type Plan, Proposal } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const head = { deployment: "edms", environment: "staging", data: "disposable", strategy: "update" } as const
 * const plan = { ...head, digest: "", steps: [], summary: { none: 0, apply: 0, deferred: 0, blocked: 0 } }
 * const ingredients = { plan, facts: {}, inputs: {}, definition: {}, versions: {} }
 * const who = { user: "ada", host: "ci-7", pid: 4711 }
 * const digest = Proposal.digestOf(ingredients)
 * const text = Proposal.text(Proposal.sealed({ ...ingredients, plan: { ...plan, digest }, at: 0, who }))
 *
 * assert.equal(Effect.runSync(Proposal.parse(text)).plan.deployment, "edms")
 * const tampered = Effect.runSync(Effect.flip(Proposal.parse(text.replace("staging", "production"))))
 * assert.equal(tampered.code, "core.plan-tampered")
 * ```
 *
 * @since 0.1.0
 */
export const text = (proposal: Proposal): string => `${JSON.stringify(encode(proposal), undefined, 2)}\n`

/**
 * Reads a saved plan, and refuses one that was changed after it was made. Whoever makes the seal anew does not get far
 * either: what is applied is what the world lacks, and only if that is the plan.
 *
 * @example
 * ```ts
 * import { Proposal } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const error = Effect.runSync(Effect.flip(Proposal.parse("{}")))
 * assert.equal(error.code, "core.proposal-invalid")
 * ```
 *
 * @since 0.1.0
 */
export const parse = (content: string): Effect.Effect<Proposal, ProposalInvalid | PlanTampered> =>
  Effect.gen(function* () {
    const json = yield* Effect.try({
      try: (): unknown => JSON.parse(content),
      catch: () => invalid("it is no JSON")
    })
    const decoded = decode(json, { errors: "all" })
    if (Result.isFailure(decoded)) return yield* invalid(formatIssue(decoded.failure))
    const { format: _format, seal, v: _v, ...made } = decoded.success
    if (digest(made) !== seal || digestOf(made) !== made.plan.digest) {
      return yield* new PlanTampered({
        message: "the saved plan was changed after it was made: its digest does not fit what it says",
        hint: "make it anew with `plan --out`, and have that approved"
      })
    }
    return decoded.success
  })

const invalid = (problem: string): ProposalInvalid =>
  new ProposalInvalid({
    message: `the file is no plan that this version reads: ${problem}`,
    hint: "give a file that `plan --out` of this version has written"
  })
