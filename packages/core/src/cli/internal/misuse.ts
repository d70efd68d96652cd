/** What effect/cli found wrong with the command line, in the words of this program. */
import type * as CliError from "effect/cli/CliError"
import { didYouMean, type UsageInvalid, usage } from "./usage.ts"

export const misuse = (
  errors: ReadonlyArray<CliError.CliError>,
  shown: CliError.CliError,
  program: string
): UsageInvalid => {
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
