/**
 * A command as data: a program and its arguments, never a shell's string.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Redacted from "effect/Redacted"

/**
 * A program and its arguments, and what it gets. Secrets go by `env` or `stdin`: arguments are seen by every user of
 * the machine, so they take no `Redacted`.
 *
 * @since 0.1.0
 */
export interface Command {
  readonly program: string
  readonly args: ReadonlyArray<string>
  /** The folder it runs in. The default is the target's. */
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string | Redacted.Redacted<string>>>
  readonly stdin?: string | Uint8Array | Redacted.Redacted<string>
  /**
   * Feeds this file to its standard input, instead of `stdin`. Like `stdoutFile` it lies on the deployment's own target,
   * also where the command runs in a container.
   */
  readonly stdinFile?: string
  /** Who runs it, where the target can choose (a container: name or number). */
  readonly user?: string
  /** How long it may take. The default is no limit. */
  readonly timeout?: Duration.Input
  /** Exit codes that are not failures. The default is 0 alone. */
  readonly exitCodes?: ReadonlyArray<number>
  /** Writes what it prints to this file instead of keeping it. */
  readonly stdoutFile?: string
}

/**
 * What a command left.
 *
 * @since 0.1.0
 */
export interface Result {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * Makes a command.
 *
 * @example
 * ```ts
 * import { Command } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * const command = Command.make("docker", ["compose", "ps"], { cwd: "/srv/edms" })
 * assert.deepEqual(command.args, ["compose", "ps"])
 * ```
 *
 * @since 0.1.0
 */
export const make = (
  program: string,
  args: ReadonlyArray<string>,
  options: Omit<Command, "program" | "args"> = {}
): Command => ({ program, args, ...options })

/**
 * The commands a probe may run: each entry is how such a command begins.
 *
 * @since 0.1.0
 */
export type Allowed = ReadonlyArray<ReadonlyArray<string>>

/**
 * Whether a command begins like one of the allowed ones.
 *
 * @example
 * ```ts
 * import { Command } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * const allowed = [["docker", "version"], ["docker", "volume", "ls"]]
 * assert.equal(Command.isAllowed(allowed, Command.make("docker", ["volume", "ls", "-q"])), true)
 * assert.equal(Command.isAllowed(allowed, Command.make("docker", ["volume", "rm", "data"])), false)
 * ```
 *
 * @since 0.1.0
 */
export const isAllowed = (allowed: Allowed, command: Command): boolean => {
  const words = [command.program, ...command.args]
  return allowed.some((start) => start.length > 0 && start.every((word, i) => word === words[i]))
}

/**
 * The command as a person would type it, for messages: arguments are quoted where a shell needs it.
 *
 * @example
 * ```ts
 * import { Command } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * assert.equal(Command.format(Command.make("psql", ["-c", "SELECT 1"])), "psql -c 'SELECT 1'")
 * ```
 *
 * @since 0.1.0
 */
export const format = (command: Command): string => [command.program, ...command.args].map(quote).join(" ")

const quote = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)
