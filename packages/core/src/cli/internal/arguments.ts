/** Reads the command line. Beside it, `flags`, `commandTree`, `pluginTree` and `misuse` know effect/cli, and nothing else does. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as CliConfig from "effect/cli/CliConfig"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as Completions from "effect/cli/Completions"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as Effect from "effect/Effect"
import { type Asked, commandTree, type Take } from "./commandTree.ts"
import { type Contributed, contributedTo } from "./contributed.ts"
import { misuse } from "./misuse.ts"
import { pluginTree } from "./pluginTree.ts"
import type { PluginRequest, Request } from "./request.ts"
import type { UsageInvalid } from "./usage.ts"

/** A request, or the text that answers the command line by itself. */
export type Parsed =
  | { readonly _tag: "Run"; readonly request: Request }
  | { readonly _tag: "Plugin"; readonly request: PluginRequest }
  | { readonly _tag: "Text"; readonly text: string }

/** The program whose arguments a shell can complete: `shipshape`, and not those of every `node`. */
const completed = "shipshape"

interface Options {
  readonly program: string
  readonly version: string
  readonly color: boolean
  /** Where a person stands: the plugins that are installed there may have commands. */
  readonly directory: string
}

/** Reads the command line. */
export const parse = (args: ReadonlyArray<string>, options: Options): Effect.Effect<Parsed, unknown> =>
  Effect.flatMap(contributedTo(args, options.directory), (contributed) => read(args, contributed, options))

const read = (
  args: ReadonlyArray<string>,
  contributed: Contributed,
  options: Options
): Effect.Effect<Parsed, UsageInvalid> =>
  Effect.suspend(() => {
    let asked: Asked = { _tag: "Text", text: "" }
    const formatter = CliOutput.defaultFormatter({ colors: options.color })
    const take: Take = (found) => {
      asked = found
    }
    const tree = contributed.has(args[0] ?? "") ? pluginTree : commandTree
    const command = tree(options.program, contributed, take)
    return Command.runWith(command, { version: options.version, renderErrors: false })(waitJoined(args)).pipe(
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
        return errors.length === 0 ? Effect.void : Effect.fail(misuse(errors, error, options.program))
      }),
      Effect.provide(NodeServices.layer),
      Effect.map(() =>
        asked._tag === "Completions" ? { _tag: "Text" as const, text: completionsOf(asked.shell, command) } : asked
      )
    )
  })

/** A value that may be left out must stand behind `=`; what can be nothing but the value of `--wait` is put there. */
const waitJoined = (args: ReadonlyArray<string>): ReadonlyArray<string> =>
  args.flatMap((arg, i) => {
    if (arg === "--wait" && isDuration(args[i + 1])) return [`--wait=${args[i + 1]}`]
    return args[i - 1] === "--wait" && isDuration(arg) ? [] : [arg]
  })

const isDuration = (text: string | undefined): boolean => text !== undefined && /^\d+(ms|s|m|h|d)$/.test(text)

/** The script, whose second line tells how to install it: with this program's command, and not with a flag. */
const completionsOf = (shell: Completions.Shell, command: Command.Command.Any): string =>
  Completions.generate(completed, shell, Completions.fromCommand(command)).replaceAll(
    `--completions ${shell}`,
    `completions ${shell}`
  )
