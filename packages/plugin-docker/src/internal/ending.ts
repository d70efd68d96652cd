/** Ends what attempts have left running in a container that others use, too. */
import { Attempt, Command, type Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import { attemptVariable } from "./attemptMarks.ts"
import { quietly } from "./cli.ts"

/**
 * Kills the processes of these attempts, and prints how many there were. Nobody but its own user may read a process's
 * variables in a container, not even root.
 */
const script = `ended=0
for process in /proc/[0-9]*; do
  own=$({ tr '\\0' '\\n' < "$process/environ" | sed -n 's/^${attemptVariable}=//p'; } 2> /dev/null)
  for attempt; do
    if [ "$own" = "$attempt" ] && kill -s KILL "\${process#/proc/}" 2> /dev/null; then ended=$((ended + 1)); fi
  done
done
echo "$ended"`

/** Whose processes there may be: those of the image's user, and root's. */
const users = [[], ["--user", "0"]]

/** How many processes it has ended; `words` are those of `docker`, and `container` what comes after the options. */
export const endIn = Effect.fnUntraced(function* (
  machine: Target.Operations,
  words: ReadonlyArray<string>,
  container: string,
  attempts: ReadonlyArray<string>
) {
  let ended = 0
  for (const user of users) {
    const command = Command.make("docker", [...words, ...user, container, "sh", "-c", script, "sh", ...attempts])
    ended += yield* machine.run(command).pipe(
      quietly,
      Effect.map(({ stdout }) => Number(stdout)),
      // It runs no more, or has no shell to look with.
      Effect.catch((error) => Effect.as(Effect.logDebug(`could not look into ${container}: ${error.message}`), 0))
    )
  }
  return ended
})

/** Ends what this very attempt has started in a service's container: to stop the client stops nothing there. */
export const endOwn = (
  machine: Target.Operations,
  words: ReadonlyArray<string>,
  service: string
): Effect.Effect<void> =>
  Effect.flatMap(Attempt.Current, (attempt) =>
    attempt === undefined
      ? Effect.void
      : Effect.asVoid(endIn(machine, [...words, "exec", "-T"], service, [attempt.key]))
  )
