import { spawn } from "node:child_process"
import { collect, type Ended, node, program, type Shows, type Start, surroundings, watch } from "./shipshape.ts"

/** Runs a program on a terminal of its own until `x` is read: then the terminal is gone. It ends as the program does. */
const terminal = `
import os, pty, select, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
while True:
    ready = select.select([terminal, 0], [], [])[0]
    if 0 in ready and os.read(0, 1) == b"x":
        os.close(terminal)
        break
    if terminal in ready:
        try:
            data = os.read(terminal, 65536)
        except OSError:
            break
        if not data:
            break
        os.write(1, data)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 255)
`

/** Runs `shipshape` on a terminal that can be closed, as a lost connection does; behind a shell, nobody tells it so. */
export const onClosable = async (
  args: ReadonlyArray<string>,
  { behindShell = false, ...start }: Start & { readonly behindShell?: boolean },
  sit: (terminal: { readonly shows: Shows; readonly closes: () => void }) => Promise<void>
): Promise<Ended> => {
  const shell = behindShell ? ["sh", "-c", `trap '' HUP; "$@"; exit $?`, "sh"] : []
  const child = spawn("python3", ["-c", terminal, ...shell, ...node, start.program ?? program, ...args], {
    env: { ...surroundings(start.env ?? {}), TERM: "xterm-256color" },
    cwd: start.cwd,
    stdio: ["pipe", "pipe", "pipe"]
  })
  const ended = collect(child)
  const shows = watch(child.stdout)
  await Promise.race([ended, sit({ shows, closes: () => child.stdin?.write("x") })])
  return ended
}
