/** Commands of the plugin, run within the test's own process. */
import type { Flag, FlagValue, PluginCommand, Terminal } from "@shipshape/core/cli"
import { schema, sql } from "@shipshape/plugin-postgres/commands"
import * as Effect from "effect/Effect"

export type Flags = Readonly<Record<string, FlagValue<Flag>>>

export interface Printed {
  readonly out: string
  readonly err: string
}

/** What the command line gives for a flag that is not there. */
const valueOfNone = ({ kind }: Flag): FlagValue<Flag> => (kind === "switch" ? false : kind === "list" ? [] : undefined)

/** Runs a command in a folder; `printed` has what has come out, also where it has failed. */
export const commandIn = (
  directory: string,
  name: "plan" | "lint" | "diff",
  given: Flags,
  operands: ReadonlyArray<string> = []
) => {
  const printed = { out: "", err: "" }
  const terminal: Terminal = {
    out: (text) => {
      printed.out += text
    },
    err: (text) => {
      printed.err += text
    },
    color: { out: false, err: false },
    width: () => 100,
    env: {},
    directory,
    verbose: false
  }
  const command: PluginCommand | undefined = { ...sql.commands, ...schema.commands }[name]
  if (command === undefined) throw new Error(`there is no ${name}`)
  const none = Object.fromEntries(Object.entries(command.flags).map(([flag, one]) => [flag, valueOfNone(one)]))
  const work: Effect.Effect<number, unknown> = command.run({ flags: { ...none, ...given }, operands, terminal })
  return { printed: (): Printed => ({ ...printed }), ended: Effect.map(work, (code) => ({ code, ...printed })) }
}
