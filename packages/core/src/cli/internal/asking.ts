import * as Effect from "effect/Effect"
import { wrap } from "../../reporter/internal/text.ts"
import type { Surface } from "./surface.ts"
import { type UsageInvalid, usage } from "./usage.ts"

/** Whether somebody can be asked, or need not be. */
export const checkApproval = (
  command: string,
  { json = false, yes }: { readonly json?: boolean; readonly yes: boolean },
  { interactive }: Surface
): Effect.Effect<void, UsageInvalid> =>
  yes || (interactive && !json)
    ? Effect.void
    : Effect.fail(
        usage(
          `${command} needs approval, and there is nobody to ask`,
          `say --yes to ${command} without asking, or run it in a terminal`
        )
      )

/** What a person is asked. */
export interface Question {
  /** What will be done: `Apply 3 steps to staging`. */
  readonly what: string
  /** Why that may lose something: then the environment's name has to be typed. */
  readonly losing: string | undefined
}

/** Asks a person. What may lose data is approved by typing the environment's name. */
export const approve = (
  { losing, what }: Question,
  environment: string,
  { ask, out, width }: Surface
): Effect.Effect<boolean> =>
  Effect.gen(function* () {
    if (losing !== undefined) out(`${wrap(`${losing}.`, width()).join("\n")}\n`)
    const question = losing === undefined ? `${what}? [y/N] ` : `Type ${environment} to go on: `
    const answer = (yield* Effect.promise((signal) => ask(question, signal)))?.trim() ?? ""
    out("\n")
    return losing === undefined ? /^y(es)?$/i.test(answer) : answer === environment
  })
