/** The flags, in groups that commands share. */
import * as Flag from "effect/cli/Flag"
import * as Option from "effect/Option"
import { reporterNames } from "./request.ts"

export const switchOf = (name: string, description: string): Flag.Flag<boolean> =>
  Flag.Boolean(name).pipe(Flag.withoutNegation, Flag.withDefault(false), Flag.withDescription(description))

export const textOf = (name: string, metavar: string, description: string): Flag.Flag<string | undefined> =>
  Flag.String(name).pipe(
    Flag.withMetavar(metavar),
    Flag.withDescription(description),
    Flag.optional,
    Flag.map(Option.getOrUndefined)
  )

const listOf = (name: string, description: string): Flag.Flag<ReadonlyArray<string>> =>
  Flag.String(name).pipe(
    Flag.withMetavar("ID,ID"),
    Flag.withDescription(description),
    Flag.atLeast(0),
    Flag.map((texts) =>
      texts
        .flatMap((text) => text.split(","))
        .map((id) => id.trim())
        .filter((id) => id !== "")
    )
  )

export const manyOf = (name: string, metavar: string, description: string): Flag.Flag<ReadonlyArray<string>> =>
  Flag.String(name).pipe(Flag.withMetavar(metavar), Flag.withDescription(description), Flag.atLeast(0))

export const common = {
  file: textOf("file", "FILE", "The file whose default export is the deployment (default: deploy.ts)"),
  verbose: switchOf("verbose", "Show every step and change, the lines that commands print, and causes in full"),
  color: Flag.Boolean("color").pipe(
    Flag.withDescription("Colour the output, or not (default: as the terminal, NO_COLOR and FORCE_COLOR say)"),
    Flag.optional,
    Flag.map(Option.getOrUndefined)
  )
}

export const env = textOf("env", "NAME", "The environment (may be left out where there is only one)")
export const json = switchOf("json", "Print nothing but JSON to standard output")

export const place = {
  env,
  inputFiles: manyOf(
    "input-file",
    "FILE",
    "Read inputs from a file of KEY=VALUE lines; may be repeated, the last wins"
  ),
  inputs: manyOf("input", "NAME=VALUE", "Give an input that is no secret; may be repeated")
}

export const showing = {
  json,
  concurrency: textOf("concurrency", "N", "How many steps of a group run at a time (default: 4)"),
  reporter: Flag.Literals("reporter", reporterNames).pipe(
    Flag.withDescription("How the run is shown (default: what fits the terminal)"),
    Flag.optional,
    Flag.map(Option.getOrUndefined)
  )
}

export const selection = {
  fresh: switchOf("fresh", "Start from nothing: disposable data only"),
  only: listOf("only", "Run these steps only; the others are looked at and left alone"),
  skip: listOf("skip", "Leave these steps alone")
}

/** What stands for a wait without limit. */
export const unlimited = "unlimited"

export const approval = {
  yes: switchOf("yes", "Do it without asking for approval"),
  wait: Flag.String("wait").pipe(
    Flag.withMetavar("DURATION"),
    Flag.withDescription("Wait for a run that is going on, without limit or so long: --wait=90s, 10m, 2h"),
    Flag.withOptionalValue(unlimited),
    Flag.optional,
    Flag.map(Option.getOrUndefined)
  )
}

export const out = textOf("out", "FILE", "Save the plan, to be approved and applied elsewhere with --plan")

export const saved = textOf("plan", "FILE", "Apply a saved plan: exactly that, or nothing")
