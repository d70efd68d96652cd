import { assert, describe, it } from "@effect/vitest"
import { defineDeployment, Input, Secrets } from "@shipshape/core"
import { Rehearsal } from "@shipshape/core/testing"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { environments, layer, makeWorld, thing, toy } from "./support/Toy.ts"

/** Long enough not to be a word of the program's own. */
const Secret = Schema.String.check(Schema.isMinLength(12))

describe("the masking point", () => {
  it.effect.prop("leaves no form in which a program may print a secret", [Secret], ([value]) =>
    Effect.sync(() => {
      const secrets = Secrets.make()
      secrets.add(Redacted.make(value))
      const forms = [
        value,
        JSON.stringify({ value }),
        `https://u:${encodeURIComponent(value.toWellFormed())}@host/`,
        Buffer.from(value).toString("base64"),
        Buffer.from(value).toString("base64url")
      ]
      for (const form of forms) {
        const masked = secrets.mask(`before ${form} after`)
        assert.isFalse(value.trim() !== "" && masked.includes(value), form)
      }
    })
  )

  it("masks the longer of two secrets of which one begins the other", () => {
    const secrets = Secrets.make()
    secrets.add(Redacted.make("pass"))
    secrets.add(Redacted.make("password-of-prod"))
    assert.strictEqual(secrets.mask("x password-of-prod y pass z"), "x •••••• y •••••• z")
  })

  it("masks a secret of several lines line by line", () => {
    const secrets = Secrets.make()
    secrets.add(Redacted.make("-----BEGIN-----\nabcdef\n-----END-----"))
    assert.strictEqual(secrets.mask("key: abcdef"), "key: ••••••")
  })
})

describe("a secret", () => {
  it.effect("stands in no plan, event, error or report", () =>
    Effect.gen(function* () {
      const secret = "hunter2-of-production"
      const deployment = defineDeployment(
        "shop",
        { environments, inputs: { password: Input.secret("PASSWORD") }, plugins: () => [toy(makeWorld())] },
        function* ({ inputs }) {
          yield* thing("says", { name: "says", secret: inputs.password, say: `the password is ${secret}` })
          yield* thing("fails", { name: "fails", say: `wrong password ${secret}` })
        }
      )
      const world = makeWorld()
      world.failures.set("fails", 1)
      const run = yield* Rehearsal.apply(deployment, layer(world), {
        environment: "staging",
        inputs: { PASSWORD: secret }
      })
      assert.strictEqual(run.steps.fails?.failure?.message, "fails broke: wrong password ••••••")
      assert.notInclude(JSON.stringify(run.events), secret)
      assert.notInclude(JSON.stringify(run.failure), secret)
      assert.include(JSON.stringify(run.events), "the password is ••••••")
    })
  )
})
