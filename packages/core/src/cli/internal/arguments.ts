/** The only file that knows effect/cli: the command line as data, or the text that answers it. */

import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Argument from "effect/cli/Argument"
import * as CliConfig from "effect/cli/CliConfig"
import type * as CliError from "effect/cli/CliError"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as Completions from "effect/cli/Completions"
import * as Flag from "effect/cli/Flag"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { didYouMean, type UsageInvalid, usage } from "./usage.ts"
/** What every command takes. */
export interface Common {
  readonly file: string | undefined
  readonly verbose: boolean
  /** `undefined` leaves it to the terminal. */
  readonly color: boolean | undefined
}

/** What says which run is meant. */
export interface Selection {
  readonly env: string | undefined
  readonly fresh: boolean
  readonly json: boolean
  readonly only: ReadonlyArray<string>
  readonly skip: ReadonlyArray<string>
  readonly concurrency: string | undefined
  readonly inputFiles: ReadonlyArray<string>
  readonly inputs: ReadonlyArray<string>
  readonly reporter: ReporterName | undefined
}

const reporterNames = ["tree", "plain", "ndjson", "github"] as const
export type ReporterName = (typeof reporterNames)[number]

/** What the command line asks for. */
export type Request = Common &
  (
    | (Selection & { readonly command: "plan"; readonly detailedExitcode: boolean })
    | (Selection & { readonly command: "apply"; readonly yes: boolean })
    | (Selection & { readonly command: "verify" })
    | { readonly command: "graph"; readonly env: string | undefined }
    | {
        readonly command: "steps"
        readonly env: string | undefined
        readonly json: boolean
        readonly name: string | undefined
      }
  )

/** A request, or the text that answers the command line by itself. */
export type Parsed =
  | { readonly _tag: "Run"; readonly request: Request }
  | { readonly _tag: "Text"; readonly text: string }

/** The program whose arguments a shell can complete. */
const completed = "shipshape"

type Asked = Parsed | { readonly _tag: "Completions"; readonly shell: Completions.Shell }

const switchOf = (name: string, description: string): Flag.Flag<boolean> =>
  Flag.Boolean(name).pipe(Flag.withoutNegation, Flag.withDefault(false), Flag.withDescription(description))

const textOf = (name: string, metavar: string, description: string): Flag.Flag<string | undefined> =>
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

const manyOf = (name: string, metavar: string, description: string): Flag.Flag<ReadonlyArray<string>> =>
  Flag.String(name).pipe(Flag.withMetavar(metavar), Flag.withDescription(description), Flag.atLeast(0))

const common = {
  file: textOf("file", "FILE", "The file whose default export is the deployment (default: deploy.ts)"),
  verbose: switchOf("verbose", "Show every step and change, the lines that commands print, and causes in full"),
  color: Flag.Boolean("color").pipe(
    Flag.withDescription("Colour the output, or not (default: as the terminal, NO_COLOR and FORCE_COLOR say)"),
    Flag.optional,
    Flag.map(Option.getOrUndefined)
  )
}

const env = textOf("env", "NAME", "The environment (may be left out where there is only one)")
const json = switchOf("json", "Print nothing but JSON to standard output")

const selection = {
  env,
  fresh: switchOf("fresh", "Start from nothing: disposable data only"),
  json,
  only: listOf("only", "Run these steps only; the others are looked at and left alone"),
  skip: listOf("skip", "Leave these steps alone"),
  concurrency: textOf("concurrency", "N", "How many steps of a group run at a time (default: 4)"),
  inputFiles: manyOf(
    "input-file",
    "FILE",
    "Read inputs from a file of KEY=VALUE lines; may be repeated, the last wins"
  ),
  inputs: manyOf("input", "NAME=VALUE", "Give an input that is no secret; may be repeated"),
  reporter: Flag.Literals("reporter", reporterNames).pipe(
    Flag.withDescription("How the run is shown (default: what fits the terminal)"),
    Flag.optional,
    Flag.map(Option.getOrUndefined)
  )
}

/** The tree of commands; each one hands what it was asked to `take`. */
const commands = (program: string, take: (asked: Asked) => void) => {
  const root = Command.make(program).pipe(
    Command.withDescription("Plan and apply a deployment of typed, idempotent steps."),
    Command.withSharedFlags(common)
  )
  const asking = (request: (common: Common) => Request) =>
    Effect.map(root, (shared) => take({ _tag: "Run", request: request(shared) }))
  return root.pipe(
    Command.withSubcommands([
      Command.make(
        "plan",
        {
          ...selection,
          detailedExitcode: switchOf("detailed-exitcode", "End with exit code 2 when there are changes")
        },
        (own) => asking((shared) => ({ command: "plan", ...shared, ...own }))
      ).pipe(Command.withDescription("Look at the world, and say what it lacks. Changes nothing.")),
      Command.make("apply", { ...selection, yes: switchOf("yes", "Apply without asking for approval") }, (own) =>
        asking((shared) => ({ command: "apply", ...shared, ...own }))
      ).pipe(Command.withDescription("Apply what the world lacks, after approval.")),
      Command.make("verify", selection, (own) => asking((shared) => ({ command: "verify", ...shared, ...own }))).pipe(
        Command.withDescription("Look at the world, and fail if any step is not in order. Changes nothing.")
      ),
      Command.make("graph", { env }, (own) => asking((shared) => ({ command: "graph", ...shared, ...own }))).pipe(
        Command.withDescription("Print the steps and what depends on what, as a Mermaid diagram.")
      ),
      Command.make(
        "steps",
        {
          env,
          json,
          name: Argument.String("name").pipe(
            Argument.withDescription("A step type, or a plugin"),
            Argument.optional,
            Argument.map(Option.getOrUndefined)
          )
        },
        (own) => asking((shared) => ({ command: "steps", ...shared, ...own }))
      ).pipe(Command.withDescription("List the step types that the deployment's plugins offer.")),
      Command.make(
        "completions",
        {
          shell: Argument.Literals("shell", ["bash", "zsh", "fish"]).pipe(Argument.withDescription("The shell"))
        },
        ({ shell }) => Effect.sync(() => take({ _tag: "Completions", shell }))
      ).pipe(Command.withDescription("Print a completion script for a shell."))
    ])
  )
}

/** Reads the command line. */
export const parse = (
  args: ReadonlyArray<string>,
  options: { readonly program: string; readonly version: string; readonly color: boolean }
): Effect.Effect<Parsed, UsageInvalid> =>
  Effect.suspend(() => {
    let asked: Asked = { _tag: "Text", text: "" }
    const formatter = CliOutput.defaultFormatter({ colors: options.color })
    const command = commands(options.program, (found) => {
      asked = found
    })
    return Command.runWith(command, { version: options.version, renderErrors: false })(args).pipe(
      Effect.provideService(CliOutput.Presenter, {
        present: (event) =>
          Effect.sync(() => {
            if (event._tag === "Help") asked = { _tag: "Text", text: formatter.formatHelpDoc(event.helpDoc) }
            if (event._tag === "Version") asked = { _tag: "Text", text: `${event.name} ${event.version}` }
          })
      }),
      Effect.provideService(CliConfig.CliConfig, CliConfig.make({ builtIns: [GlobalFlag.Help, GlobalFlag.Version] })),
      Effect.catch((error) => {
        const errors = error._tag === "ShowHelp" ? error.errors : [error]
        return errors.length === 0 ? Effect.void : Effect.fail(usageOf(errors, error, options.program))
      }),
      Effect.provide(NodeServices.layer),
      Effect.map(() =>
        asked._tag === "Completions"
          ? {
              _tag: "Text" as const,
              // A shell completes one word's arguments: `shipshape`, and not those of every \`node\`.
              text: completionsOf(asked.shell, command)
            }
          : asked
      )
    )
  })

/** The script, whose second line tells how to install it: with this program's command, and not with a flag. */
const completionsOf = (shell: Completions.Shell, command: Command.Command.Any): string =>
  Completions.generate(completed, shell, Completions.fromCommand(command)).replaceAll(
    `--completions ${shell}`,
    `completions ${shell}`
  )

/** What effect/cli found wrong, in the words of this program. */
const usageOf = (errors: ReadonlyArray<CliError.CliError>, shown: CliError.CliError, program: string): UsageInvalid => {
  const command = (shown._tag === "ShowHelp" ? shown.commandPath : [program]).slice(1).join(" ")
  const [first] = errors
  if (command === "" && first !== undefined) {
    // Without a command, nothing that follows can be known: only the first error is news.
    return first._tag === "UnrecognizedOption"
      ? usage(`there is no flag ${first.option} before the command`, `write the command first: \`${program} plan …\``)
      : usage(problemOf(first, command), `\`${program} --help\` lists the commands`)
  }
  const problems = new Set(errors.map((error) => problemOf(error, command)))
  return usage([...problems].join("\n"), `\`${program} ${command} --help\` says what ${command} takes`)
}

const problemOf = (error: CliError.CliError, command: string): string => {
  switch (error._tag) {
    case "UnrecognizedOption":
      return meant(`${command} has no flag ${error.option}`, error.suggestions)
    case "UnknownSubcommand":
      return meant(`there is no command “${error.subcommand}”`, error.suggestions)
    case "MissingArgument":
      return `${command} needs <${error.argument}>`
    case "UnexpectedArgument":
      return `${command} takes no ${error.arguments.map((argument) => `“${argument}”`).join(", ")}`
    case "InvalidValue":
      return invalidValue(error)
    default:
      return error.message
  }
}

const invalidValue = ({ expected, kind, option, value }: CliError.InvalidValue): string => {
  const name = `${kind === "flag" ? "--" : ""}${option}`
  if (expected === "at most 1 value") return `${name} is given more than once`
  if (value === "") return `${name} needs a value`
  const known = [...expected.matchAll(/"([^"]+)"/g)].map((match) => match[1] ?? "")
  return known.length === 0
    ? `${name} cannot be “${value}”: ${expected.slice(0, 1).toLowerCase()}${expected.slice(1)}`
    : didYouMean(`${name} cannot be “${value}”: it is ${known.join(", ")}`, value, known)
}

const meant = (message: string, suggestions: ReadonlyArray<string>): string =>
  suggestions[0] === undefined ? message : `${message} — did you mean “${suggestions[0]}”?`
