/**
 * Django's system checks.
 *
 * @since 0.1.0
 */
import { Check, Step } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { ChecksFailed } from "./DjangoError.ts"
import { DjangoProbe, type SystemMessage } from "./DjangoProbe.ts"
import { Names, Off } from "./internal/fields.ts"
import { lookable } from "./internal/lookable.ts"

const levels = { debug: 10, info: 20, warning: 30, error: 40, critical: 50 }

const line = ({ hint, id, message, object }: SystemMessage): string =>
  `${[id, object].filter((part) => part !== "").join(" ")}: ${message}${hint === "" ? "" : ` (${hint})`}`

const checksFailed = (found: ReadonlyArray<SystemMessage>): ChecksFailed =>
  new ChecksFailed({
    ids: found.map(({ id }) => id),
    message: `Django's system checks found ${found.length}: ${found.map(({ id, message }) => `${id} ${message}`).join("; ")}`,
    hint: "correct the settings they name, or silence one with its reason in SILENCED_SYSTEM_CHECKS",
    tail: found.map(line)
  })

/**
 * Django's system checks pass: `deploy` adds those for production, `failLevel` is the lowest level that fails (an error
 * unless it is given), `tags` selects some. A verification: it changes nothing. The output lists what lies below the
 * level.
 *
 * @example
 * ```ts
 * import { Django } from "@shipshape/plugin-django"
 * import assert from "node:assert"
 *
 * const data: string = "precious"
 * assert.equal(Django.check("settings", { deploy: data === "precious" }).type, "django.check")
 * ```
 *
 * @since 0.1.0
 */
export const check = Step.make("django.check", {
  description: "Django's system checks pass",
  risk: "additive",
  alters: "none",
  input: {
    deploy: Off,
    failLevel: Schema.Literals(["debug", "info", "warning", "error", "critical"]).pipe(
      Schema.withDecodingDefaultKey(Effect.succeed("error" as const))
    ),
    tags: Names
  },
  output: { messages: Schema.Array(Schema.String) },
  check: ({ deploy, failLevel, tags }) =>
    Effect.gen(function* () {
      const messages = yield* (yield* DjangoProbe).systemCheck({ deploy, tags })
      const failing = messages.filter(({ level }) => level >= levels[failLevel])
      if (failing.length > 0) return yield* Effect.fail(checksFailed(failing))
      return Check.satisfied({ messages: messages.map(line) })
    }).pipe(lookable("default")),
  apply: () => Effect.void
})
