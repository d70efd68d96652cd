/** Runs what an engine of backups is told. */
import { Command, type Target } from "@shipshape/core"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Commands, EngineRestoring } from "../../EngineCommands.ts"
import { quietly } from "../quietly.ts"

/** Commands of one program, perhaps as another user. */
export const program =
  (name: string, always: ReadonlyArray<string>, as: string | undefined) =>
  (...args: ReadonlyArray<string>): Command.Command =>
    as === undefined
      ? Command.make(name, [...always, ...args])
      : Command.make("runuser", ["-u", as, "--", name, ...always, ...args])

/** The one command that a check may run is the one that lists. */
export const listed = (reads: Target.ReadOperations, { list, read }: Commands) =>
  Effect.map(quietly(reads.run([[list.program, ...list.args]], list)), ({ stdout }) => read(stdout))

export const inOrder = (target: Target.Operations, commands: ReadonlyArray<Command.Command>) =>
  Effect.forEach(commands, target.run, { discard: true })

const Record = Schema.fromJsonString(Schema.Struct({ name: Schema.String, at: Schema.Number }))

/** Restores, and notes it once it is done: a restore that was interrupted is done again. */
export const restoring = Effect.fnUntraced(function* (
  target: Target.Operations,
  { commands, record }: EngineRestoring,
  name: string
) {
  yield* inOrder(target, commands(name))
  const at = yield* Clock.currentTimeMillis
  yield* target.writeFile(record, Schema.encodeSync(Record)({ name, at }), { mode: 0o600 })
})

/** What was noted. A note that nobody can read is none: then it is restored again. */
export const restored = Effect.fnUntraced(function* (reads: Target.ReadOperations, { restore }: Commands) {
  if (restore === undefined || (yield* reads.stat(restore.record)) === undefined) return undefined
  const text = new TextDecoder().decode(yield* reads.readFile(restore.record))
  return Option.getOrUndefined(Schema.decodeUnknownOption(Record)(text))
})
