/**
 * Commands that a plugin adds to the command line. They run without a deployment.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"

/**
 * A flag of a command. Its name on the command line is its key with dashes: `serverVersion` is `--server-version`.
 *
 * @since 0.1.0
 */
export type Flag =
  | { readonly kind: "switch"; readonly description: string }
  /** `undefined` where it is not given. */
  | { readonly kind: "text"; readonly metavar: string; readonly description: string }
  /** May be given more than once. */
  | { readonly kind: "list"; readonly metavar: string; readonly description: string }

/**
 * What is given beside flags: so many of them, such as files.
 *
 * @since 0.1.0
 */
export interface Operands {
  readonly name: string
  readonly description: string
  readonly count: "none" | "one" | "some"
}

/**
 * What a flag gives.
 *
 * @since 0.1.0
 */
export type FlagValue<F extends Flag> = F extends { readonly kind: "switch" }
  ? boolean
  : F extends { readonly kind: "text" }
    ? string | undefined
    : ReadonlyArray<string>

/**
 * Where a command runs: its streams and its place.
 *
 * @since 0.1.0
 */
export interface Terminal {
  /** Writes to standard output, as it is: end lines with `\n`. */
  readonly out: (text: string) => void
  /** Writes to standard error. */
  readonly err: (text: string) => void
  readonly color: { readonly out: boolean; readonly err: boolean }
  /** Cells in a line. */
  readonly width: () => number
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where a person stands. */
  readonly directory: string
  readonly verbose: boolean
}

/**
 * What a command is given.
 *
 * @since 0.1.0
 */
export interface Given<Flags extends Readonly<Record<string, Flag>>> {
  readonly flags: { readonly [Name in keyof Flags]: FlagValue<Flags[Name]> }
  readonly operands: ReadonlyArray<string>
  readonly terminal: Terminal
}

/**
 * One command. It gives its exit code; an error is printed as any other, and ends with 1, or with 64 where its code begins
 * with `usage.`: the command line asks for what does not exist.
 *
 * @since 0.1.0
 */
export interface PluginCommand<Flags extends Readonly<Record<string, Flag>> = Readonly<Record<string, Flag>>> {
  readonly description: string
  readonly operands: Operands
  readonly flags: Flags
  run(given: Given<Flags>): Effect.Effect<number, unknown>
}

/**
 * Commands under one word: `shipshape WORD COMMAND`. A module that a plugin's `package.json` names for the word exports
 * one by that name.
 *
 * @since 0.1.0
 */
export interface CommandGroup {
  readonly description: string
  readonly commands: Readonly<Record<string, PluginCommand>>
}

/**
 * Makes a command.
 *
 * A plugin's `package.json` says `"shipshape": { "commands": { "queue": "./commands" } }`: its module
 * `@acme/plugin-queue/commands` exports the {@link CommandGroup} `queue`. It is imported where somebody asks for the word,
 * or for help.
 *
 * @example
 * ```ts
 * import { type CommandGroup, command } from "@shipshape/core/cli"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const queue: CommandGroup = {
 *   description: "Look into queues.",
 *   commands: {
 *     lint: command({
 *       description: "Check files of queues.",
 *       operands: { name: "FILE", description: "A file of queues", count: "some" },
 *       flags: { json: { kind: "switch", description: "Print nothing but JSON" } },
 *       run: ({ flags, operands, terminal }) =>
 *         Effect.sync(() => {
 *           terminal.out(flags.json ? JSON.stringify(operands) : operands.join("\n"))
 *           return 0
 *         })
 *     })
 *   }
 * }
 * assert.deepEqual(Object.keys(queue.commands), ["lint"])
 * ```
 *
 * @since 0.1.0
 */
export const command = <const Flags extends Readonly<Record<string, Flag>>>(
  definition: PluginCommand<Flags>
): PluginCommand<Flags> => definition
