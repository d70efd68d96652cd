/** The commands of plugins, as parts of the tree. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import type * as CliFlag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import type { CommandGroup, Flag, FlagValue, Operands, PluginCommand } from "../PluginCommand.ts"
import type { Take } from "./commandTree.ts"
import type { Contributed } from "./contributed.ts"
import { common, manyOf, switchOf, textOf } from "./flags.ts"
import type { Common } from "./request.ts"

/** What these commands share with the others: they need no deployment's file. */
type Shared = Pick<Common, "verbose" | "color">

const { color, verbose } = common

/** The commands of plugins alone. */
export const pluginTree = (program: string, contributed: Contributed, take: Take) => {
  const root = Command.make(program).pipe(Command.withSharedFlags({ verbose, color }))
  return root.pipe(Command.withSubcommands(groupsOf(root, contributed, take)))
}

/** The commands of plugins, below a root that gives the flags they share. */
export const groupsOf = <E, R>(root: Effect.Effect<Shared, E, R>, contributed: Contributed, take: Take) =>
  [...contributed].map(([word, group]) => groupOf(root, word, group, take))

const groupOf = <E, R>(root: Effect.Effect<Shared, E, R>, word: string, group: CommandGroup, take: Take) =>
  Command.make(word).pipe(
    Command.withDescription(group.description),
    Command.withSubcommands(
      Object.entries(group.commands).map(([name, command]) =>
        Command.make(name, { flags: flagsOf(command), ...operandsOf(command.operands) }, ({ flags, operands = [] }) =>
          Effect.map(root, ({ color, verbose }) =>
            take({ _tag: "Plugin", request: { verbose, color, command, flags, operands } })
          )
        ).pipe(Command.withDescription(command.description))
      )
    )
  )

const flagsOf = ({ flags }: PluginCommand): Record<string, CliFlag.Flag<FlagValue<Flag>>> =>
  Object.fromEntries(Object.entries(flags).map(([key, flag]) => [key, flagOf(dashed(key), flag)]))

const dashed = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

const flagOf = (name: string, flag: Flag): CliFlag.Flag<FlagValue<Flag>> => {
  switch (flag.kind) {
    case "switch":
      return switchOf(name, flag.description)
    case "text":
      return textOf(name, flag.metavar, flag.description)
    case "list":
      return manyOf(name, flag.metavar, flag.description)
  }
}

interface OperandsOf {
  readonly operands?: Argument.Argument<ReadonlyArray<string>>
}

const operandsOf = ({ count, description, name }: Operands): OperandsOf => {
  const one = Argument.String(name).pipe(Argument.withDescription(description))
  switch (count) {
    case "none":
      return {}
    case "one":
      return { operands: Argument.map(one, (operand) => [operand]) }
    case "some":
      return { operands: Argument.atLeast(one, 1) }
  }
}
