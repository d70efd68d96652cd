/**
 * Static files.
 *
 * @since 0.1.0
 */
import { Check, Step } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { DjangoControl } from "./DjangoControl.ts"
import { DjangoProbe } from "./DjangoProbe.ts"
import { lookable } from "./internal/lookable.ts"

/** How many files a plan names. */
const named = 3

/**
 * The static files of all apps are where they are served from. Like `collectstatic` itself, it compares by the time of
 * the last change. The output says how many files there are.
 *
 * @example
 * ```ts
 * import { Django } from "@shipshape/plugin-django"
 * import assert from "node:assert"
 *
 * assert.equal(Django.collectstatic("static-files", {}).type, "django.collectstatic")
 * ```
 *
 * @since 0.1.0
 */
export const collectstatic = Step.make("django.collectstatic", {
  description: "The static files of all apps are where they are served from",
  risk: "additive",
  alters: "none",
  input: {},
  output: { files: Schema.Number },
  check: () =>
    Effect.gen(function* () {
      const { missing, present } = yield* (yield* DjangoProbe).staticFiles
      if (missing.length === 0) return Check.satisfied({ files: present })
      const names = `${missing.slice(0, named).join(", ")}${missing.length > named ? ", …" : ""}`
      return Check.needed([{ summary: `copy ${missing.length} static files: ${names}` }])
    }).pipe(lookable("default")),
  apply: Effect.fn("django.collectstatic.apply")(function* () {
    yield* (yield* DjangoControl).collectStatic
  })
})
