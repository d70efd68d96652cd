/** For which attempt containers are made and commands run in them: a client that is killed leaves both to the engine. */
import { Attempt, type Command } from "@shipshape/core"
import * as Effect from "effect/Effect"

/** On a container that is made for a command. */
export const attemptLabel = "shipshape.attempt"

/** In the environment of a command that runs in a container which others use, too. */
export const attemptVariable = "SHIPSHAPE_ATTEMPT"

/** The words of `docker compose run` for it. */
export const labelWords: Effect.Effect<ReadonlyArray<string>> = Effect.map(Attempt.Current, (attempt) =>
  attempt === undefined ? [] : ["--label", `${attemptLabel}=${attempt.key}`]
)

/** The command for `docker compose exec`. */
export const marked = (command: Command.Command): Effect.Effect<Command.Command> =>
  Effect.map(Attempt.Current, (attempt) =>
    attempt === undefined ? command : { ...command, env: { ...command.env, [attemptVariable]: attempt.key } }
  )
