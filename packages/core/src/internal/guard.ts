/** Ends what commands have started when this process ends, on whatever way: else it would go on beside the next run. */
import { type ChildProcess, spawn } from "node:child_process"

/**
 * Keeps the process groups that it is told of, until its input ends, which it does with whoever has started it. Then it
 * kills what is left of them. Signals to a terminal's processes are none for it.
 */
const script = `trap '' HUP INT QUIT TERM
groups=
while read -r what group; do
  others=
  for one in $groups; do
    if [ "$one" != "$group" ]; then others="$others $one"; fi
  done
  groups=$others
  if [ "$what" = + ]; then groups="$group $groups"; fi
done
for group in $groups; do kill -s KILL -- "-$group"; done`

/** Process groups that are alive. */
const groups = new Set<number>()

// Whoever leaves at once waits for nobody, and leaves nobody behind.
process.on("exit", () => {
  for (const group of groups) {
    try {
      process.kill(-group, "SIGKILL")
    } catch {
      // It has just ended by itself.
    }
  }
})

/** For whoever is killed, and can do nothing more: one for all commands of this process. */
let guard: ChildProcess | undefined

const start = (): ChildProcess => {
  const child = spawn("sh", ["-c", script], { cwd: "/", detached: true, stdio: ["pipe", "ignore", "ignore"] })
  const gone = () => {
    if (guard === child) guard = undefined
  }
  // Without a shell nothing guards; one that was killed is replaced with the next command.
  child.on("error", gone)
  child.on("exit", gone)
  child.stdin.on("error", gone)
  child.unref()
  // Its pipe keeps this process alive no more than it does; the type is that of any stream.
  if ("unref" in child.stdin && typeof child.stdin.unref === "function") child.stdin.unref()
  for (const group of groups) child.stdin.write(`+ ${group}\n`)
  return child
}

/** Guards a process group until the process that leads it has ended. */
export const watch = (leader: PromiseLike<unknown> & { readonly pid?: number | undefined }): void => {
  const { pid } = leader
  if (pid === undefined) return
  if (process.platform !== "win32") guard ??= start()
  groups.add(pid)
  guard?.stdin?.write(`+ ${pid}\n`)
  const ended = () => {
    groups.delete(pid)
    guard?.stdin?.write(`- ${pid}\n`)
  }
  leader.then(ended, ended)
}
