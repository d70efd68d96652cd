/** Where the tour is told: headings, runs of the deployment as the command line shows them, and what must hold. */
import { stripVTControlCharacters } from "node:util"
import { Event, type Plan, Run } from "@shipshape/core"
import { plain, tree } from "@shipshape/core/reporter"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import deployment from "./deploy.ts"

/** The tour has not gone as it says. */
export class StoryBroken extends Schema.TaggedError<StoryBroken>()("StoryBroken", { message: Schema.String }) {}

/** What the tour says must be so. */
export const expect = (holds: boolean, what: string): Effect.Effect<void, StoryBroken> =>
  holds ? Effect.void : Effect.fail(new StoryBroken({ message: `this should be so, and is not: ${what}` }))

const { stdout } = process
const { CI, FORCE_COLOR, NO_COLOR, TERM } = process.env
const color = !NO_COLOR && (FORCE_COLOR ? FORCE_COLOR !== "0" : stdout.isTTY === true && TERM !== "dumb")
const repaints = stdout.isTTY === true && TERM !== "dumb" && !CI
const size = () => ({ width: Math.min(stdout.columns ?? 100, 100), height: stdout.rows ?? 40 })

const styled = (code: string) => (text: string) => (color ? `\u001b[${code}m${text}\u001b[0m` : text)
const bold = styled("1")
const dim = styled("2")
const cyan = styled("36")

/** The last two characters that were shown. */
let end = ""

const write = (text: string): void => {
  stdout.write(text)
  const shown = stripVTControlCharacters(text)
  if (shown !== "") end = `${end}${shown}`.slice(-2)
}

/** A paragraph: there is one empty line before it, and none is doubled. */
export const paragraph = (...lines: ReadonlyArray<string>): Effect.Effect<void> =>
  Effect.sync(() => write(`${end === "\n\n" ? "" : "\n"}${lines.join("\n")}\n`))

export const title = (text: string, more: string): Effect.Effect<void> => paragraph(bold(text), dim(more))

/** The heading of an act. */
export const act = (number: number, heading: string): Effect.Effect<void> =>
  paragraph(
    `${cyan(bold(`${number}  ${heading}`))}  ${dim("─".repeat(Math.max(3, size().width - heading.length - 6)))}`
  )

/** What somebody types, and what comes back. */
export const typed = (command: string, ...answer: ReadonlyArray<string>): Effect.Effect<void> =>
  paragraph(`${dim("$")} ${command}`, ...answer.map(dim))

/** A run of the deployment as data. */
export interface Told {
  readonly plan: Plan.Plan | undefined
  readonly applied: ReadonlyArray<string>
}

/**
 * Opens the deployment, and shows what `use` does with it as the command line would. What is shown on one screen follows
 * each other: a plan that stands there already is not shown again.
 */
export const screen = (variables: Readonly<Record<string, string>>) => {
  const { close, sink } = repaints ? tree({ write, color, size }) : plain({ write, color, width: size().width })
  return Effect.fnUntraced(function* <E>(use: (session: Run.Session<unknown, unknown>) => Effect.Effect<unknown, E>) {
    const events: Array<Event.Event> = []
    write("\n")
    yield* Run.open(deployment, { environment: "local", inputs: [{ name: "the tour", variables }] }).pipe(
      Effect.flatMap(use),
      Effect.scoped,
      Effect.provideService(Event.CurrentSink, (event) => {
        events.push(event)
        sink(event)
      }),
      Effect.ensuring(Effect.sync(close))
    )
    return toldBy(events)
  })
}

const toldBy = (events: ReadonlyArray<Event.Event>): Told => ({
  plan: events.findLast((event) => event._tag === "Planned")?.plan,
  applied: events.flatMap((event) => (event._tag === "StepFinished" && event.outcome === "applied" ? [event.id] : []))
})

/** The ids of a plan's steps that are to be applied. */
export const pending = ({ plan }: Told): ReadonlyArray<string> =>
  plan?.steps.filter(({ action }) => action !== "none").map(({ id }) => id) ?? []
