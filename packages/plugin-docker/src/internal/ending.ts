/** Ends what commands have left running in a container that others use, too. */
import { Command, type Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import { attemptVariable } from "./attemptMarks.ts"
import { linesOf } from "./classify.ts"
import { quietly } from "./cli.ts"

/**
 * Kills the processes that have a mark, and prints how many there were and how many were left alone. Its arguments are a
 * run's number and marks: whole ones, or keys, which stand for the marks that runs before that one have made of them.
 *
 * What a process forks while others are looked at is found by looking again. PostgreSQL takes the end of a process that it
 * inherits for a crash of its own, and throws everybody out: where it is the first process, only what it cannot inherit is
 * killed, which is what the engine has started and what has started nothing itself.
 */
const script = `run=$1
shift
line='
'
is_marked() {
  own=$({ tr '\\0' '\\n' < "$1/environ"; } 2> /dev/null)
  case "$line$own" in *"$line${attemptVariable}="*) ;; *) return 1 ;; esac
  own=\${own##*${attemptVariable}=}
  own=\${own%%"$line"*}
  shift
  for mark; do
    if [ "$own" = "$mark" ]; then return 0; fi
    case $own in
      "$mark".*.*)
        by=\${own#"$mark".}
        if [ "\${by%%.*}" -lt "$run" ]; then return 0; fi ;;
    esac
  done
  return 1
}
first=$(cat /proc/1/comm)
may_end() {
  if [ "$first" != postgres ]; then return 0; fi
  grep -q '^PPid:[[:space:]]*0$' "/proc/$1/status" || return 1
  ! grep -q "^PPid:[[:space:]]*$1$" /proc/[0-9]*/status 2> /dev/null
}
ended=' '
found=yes
passes=0
while [ "$found" = yes ] && [ "$passes" -lt 10 ]; do
  found=no
  left=0
  passes=$((passes + 1))
  for process in /proc/[0-9]*; do
    if ! is_marked "$process" "$@"; then continue; fi
    pid=\${process#/proc/}
    if may_end "$pid" && kill -s KILL "$pid" 2> /dev/null; then
      found=yes
      case $ended in *" $pid "*) ;; *) ended="$ended$pid " ;; esac
    else
      left=$((left + 1))
    fi
  done
done
set -- $ended
echo "$# $left"`

/** How many processes there were. */
interface Ended {
  readonly ended: number
  /** Those that were left alone. */
  readonly left: number
  /** Why nobody could look. */
  readonly trouble?: string
}

/** How long the engine may take for it: a time limit and Ctrl-C wait for that. */
const timeout = "15 seconds"

/** Variables of other users' processes are hidden in a container, from root too, unless it may trace them. */
const asTracer = ["--privileged", "--user", "0"]

/** Where the engine makes no tracer: whose processes there may be. */
const asUsers = (user: string | undefined): ReadonlyArray<ReadonlyArray<string>> =>
  [...new Set([undefined, "0", user])].map((name) => (name === undefined ? [] : ["--user", name]))

/** In a word: the whole command would say the script. */
const reason = (error: Target.RunError): string => {
  if (error._tag === "CommandTimedOut") return "the engine does not answer"
  return error._tag === "CommandFailed"
    ? (linesOf(error.stderr).at(-1) ?? `exit code ${error.exitCode}`)
    : error.message
}

/** Ends the processes in a container; `words` are those of `docker` before its options. */
export const endIn = (
  machine: Target.Operations,
  words: ReadonlyArray<string>,
  container: string,
  wanted: { readonly before: number; readonly marks: ReadonlyArray<string>; readonly user?: string | undefined }
): Effect.Effect<Ended> => {
  const args = [container, "sh", "-c", script, "sh", String(wanted.before), ...wanted.marks]
  const end = (options: ReadonlyArray<string>) =>
    machine.run(Command.make("docker", [...words, ...options, ...args], { timeout })).pipe(
      quietly,
      Effect.map(({ stdout }): Ended => {
        const [ended = 0, left = 0] = stdout.split(" ").map(Number)
        return { ended, left }
      })
    )
  return end(asTracer).pipe(
    Effect.catchTag("CommandFailed", () =>
      Effect.map(Effect.forEach(asUsers(wanted.user), end), (all) => ({
        ended: all.reduce((sum, { ended }) => sum + ended, 0),
        left: Math.max(...all.map(({ left }) => left))
      }))
    ),
    Effect.catch((error) => Effect.succeed({ ended: 0, left: 0, trouble: reason(error) }))
  )
}

/** Ends what a command has started in a service's container: to stop its client stops nothing there. */
export const endCommand = (
  machine: Target.Operations,
  words: ReadonlyArray<string>,
  service: string,
  mark: string,
  user: string | undefined
): Effect.Effect<void> =>
  endIn(machine, [...words, "exec", "-T"], service, { before: 0, marks: [mark], user }).pipe(
    Effect.flatMap(({ trouble }) =>
      trouble === undefined ? Effect.void : Effect.logDebug(`could not end a command in ${service}: ${trouble}`)
    )
  )
