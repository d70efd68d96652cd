import * as Schema from "effect/Schema"
import * as Failure from "../../Failure.ts"
import { nearest } from "../../internal/nearest.ts"

/** The command line asks for what does not exist, or leaves out what is needed. Nothing has run. */
export class UsageInvalid extends Schema.TaggedError<UsageInvalid>()("UsageInvalid", {
  ...Failure.fields("usage.invalid")
}) {}

/** The file that should hold the deployment does not give one. Nothing has run. */
export class DeploymentUnloadable extends Schema.TaggedError<DeploymentUnloadable>()("DeploymentUnloadable", {
  ...Failure.fields("usage.deployment-unloadable"),
  file: Schema.String
}) {}

/** A plugin's commands cannot be loaded. Nothing has run. */
export class CommandsUnloadable extends Schema.TaggedError<CommandsUnloadable>()("CommandsUnloadable", {
  ...Failure.fields("usage.commands-unloadable")
}) {}

/** The command line was typed by a person: what is wrong, and what to type instead. */
export const usage = (message: string, hint: string): UsageInvalid => new UsageInvalid({ message, hint })

/** `message`, and the known name that was most likely meant. */
export const didYouMean = (message: string, name: string, known: ReadonlyArray<string>): string => {
  const close = nearest(name, known)
  return close === undefined ? message : `${message} — did you mean “${close}”?`
}
