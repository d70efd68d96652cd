/** A step type: `check` looks, `apply` converges, and `restore` takes back; nobody needs to say how they are run. */
import { Check, Step, Undo } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { CronControl } from "./CronControl.ts"
import { CronProbe } from "./CronProbe.ts"

const Field = "[0-9*,/-]+"

const fields = {
  /** The file's name: letters, digits, - and _, as cron wants it. */
  name: Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_-]+$/)),
  /** Five fields: minute, hour, day of month, month, day of week. */
  schedule: Schema.String.check(Schema.isPattern(new RegExp(`^${Field}( ${Field}){4}$`))),
  user: Schema.NonEmptyString,
  /** What cron hands to the shell; it must be one line. */
  command: Schema.String.check(Schema.isPattern(/^[^\r\n]+$/))
}

type Input = Schema.Struct.Type<typeof fields>

const textOf = ({ command, schedule, user }: Input): string => `${schedule} ${user} ${command}\n`

const scheduled = Step.make("cron.job", {
  description: "A job runs on a schedule",
  risk: "reversible",
  // Neither the application's data nor its schema: precious data needs no backup before it.
  alters: "none",
  input: fields,
  output: { name: Schema.String },
  check: Effect.fn("cron.job.check")(function* (input: Input) {
    const probe = yield* CronProbe
    const found = yield* probe.read(input.name)
    const wanted = textOf(input)
    if (found === wanted) return Check.satisfied({ name: input.name })
    return Check.needed([
      found === undefined
        ? { summary: `schedule ${input.name}`, after: wanted.trim() }
        : { summary: `reschedule ${input.name}`, before: found.trim(), after: wanted.trim() }
    ])
  }),
  apply: Effect.fn("cron.job.apply")(function* (input: Input) {
    const control = yield* CronControl
    yield* control.write(input.name, textOf(input))
  })
})

export const job = Undo.of(scheduled, {
  // What the file holds, or that there is none. It goes into the journal: a schedule is no secret.
  captured: Schema.NullOr(Schema.String),
  capture: Effect.fn("cron.job.capture")(function* ({ name }: Input) {
    const probe = yield* CronProbe
    return (yield* probe.read(name)) ?? null
  }),
  restore: Effect.fn("cron.job.restore")(function* (text: string | null, { name }: Input) {
    const control = yield* CronControl
    yield* text === null ? control.remove(name) : control.write(name, text)
  })
})
