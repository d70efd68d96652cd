/**
 * For which attempt containers are made and commands run in them: a client that is killed leaves both to the engine.
 *
 * A mark is the attempt's key, the run's number, and for a command something that no other has. The key is the same in the
 * run that goes on with a killed one; the number tells apart what the one and the other have started.
 */
import { randomUUID } from "node:crypto"
import { Attempt, type Command } from "@shipshape/core"
import * as Effect from "effect/Effect"

/** On a container that is made for a command. */
export const attemptLabel = "shipshape.attempt"

/** In the environment of a command that runs in a container which others use, too. */
export const attemptVariable = "SHIPSHAPE_ATTEMPT"

/** The words of `docker compose run` for it. */
export const labelWords: Effect.Effect<ReadonlyArray<string>> = Effect.map(Attempt.Current, (attempt) =>
  attempt === undefined ? [] : ["--label", `${attemptLabel}=${attempt.key}.${attempt.run}`]
)

/** Whether a container with this label was made for one of these attempts, before a run. */
export const isLabelOf = (label: string, keys: ReadonlyArray<string>, before: number): boolean => {
  const [key = "", run = ""] = label.split(".")
  return keys.includes(key) && Number(run) < before
}

/** The command for `docker compose exec`, with its mark; none where nothing is attempted. */
export const marked = (
  command: Command.Command
): Effect.Effect<{ readonly command: Command.Command; readonly mark: string | undefined }> =>
  Effect.map(Attempt.Current, (attempt) => {
    if (attempt === undefined) return { command, mark: undefined }
    const mark = `${attempt.key}.${attempt.run}.${randomUUID().slice(0, 8)}`
    return { command: { ...command, env: { ...command.env, [attemptVariable]: mark } }, mark }
  })
