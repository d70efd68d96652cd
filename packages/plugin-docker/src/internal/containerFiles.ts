/** The files of a container, by the tools that are in (nearly) every image. Every script is a constant; paths and numbers are its arguments. */
import { Command, Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import { linesOf } from "./classify.ts"
import { quietly } from "./cli.ts"

type Run = (command: Command.Command) => Effect.Effect<Command.Result, Target.RunError>

const listScript = `cd "$1" || exit 1
for f in * .[!.]* ..?*; do if [ -e "$f" ] || [ -L "$f" ]; then printf '%s\\0' "$f"; fi; done`

const writeScript = `set -e
if [ -d "$1" ]; then echo "$1: Is a directory" >&2; exit 1; fi
t=$(mktemp "$(dirname "$1")/.shipshape.XXXXXX")
trap 'rm -f "$t"' EXIT
cat > "$t"
u=$2; g=$3; m=$4
if [ -e "$1" ]; then
  u=\${u:-$(stat -L -c %u "$1")}; g=\${g:-$(stat -L -c %g "$1")}; m=\${m:-$(stat -L -c %a "$1")}
fi
if [ -n "$u$g" ] && [ "$u:$g" != "$(stat -c %u:%g "$t")" ]; then chown "$u\${g:+:$g}" "$t"; fi
chmod "\${m:-644}" "$t"
mv -f "$t" "$1"`

/** Nobody else reads a new file before its mode is set. A `sync` that knows no files writes everything. */
const appendScript = `set -e
if [ -d "$1" ]; then echo "$1: Is a directory" >&2; exit 1; fi
if [ ! -e "$1" ]; then
  (umask 077; : > "$1")
  if [ -n "$2$3" ]; then chown "$2\${3:+:$3}" "$1"; fi
  chmod "\${4:-644}" "$1"
fi
cat >> "$1"
sync "$1" "$(dirname "$1")" 2> /dev/null || sync`

const ownScript = `set -e
if [ -n "$2$3" ]; then chown "$2\${3:+:$3}" "$1"; fi
if [ -n "$4" ]; then chmod "$4" "$1"; fi`

const errnos: ReadonlyArray<readonly [string, RegExp]> = [
  ["ENOENT", /No such file or directory|nonexistent directory|Directory nonexistent/i],
  ["EACCES", /Permission denied/],
  ["EPERM", /Operation not permitted/],
  ["EROFS", /Read-only file system/],
  ["ENOSPC", /No space left/],
  ["EISDIR", /Is a directory/],
  ["ENOTDIR", /Not a directory/],
  ["EEXIST", /File exists/]
]

const failed =
  (operation: string, path: string) =>
  (error: Target.RunError): Target.FileError => {
    if (error._tag === "TargetUnavailable") return error
    const said = error._tag === "CommandFailed" ? (linesOf(error.stderr).at(-1) ?? "") : error.message
    const errno = errnos.find(([, pattern]) => pattern.test(said))?.[0] ?? ""
    return new Target.FileFailed({
      operation,
      path,
      errno,
      message: `cannot ${operation} ${path}: ${said}`,
      hint: "look at owner and mode of the path and of the folder above it, in the container",
      cause: error
    })
  }

const typeOf = (kind: string): Target.FileStat["type"] =>
  kind.startsWith("regular") ? "file" : kind === "directory" ? "directory" : kind === "symbolic link" ? "link" : "other"

/** A path that no tool takes for an option. */
const plain = (path: string): string => (path.startsWith("-") ? `./${path}` : path)

const numberText = (value: number | undefined): string => (value === undefined ? "" : String(value))

const modeText = (mode: number | undefined): string => (mode === undefined ? "" : mode.toString(8))

/** Only root may give files away. */
const userFor = ({ gid, uid }: Target.Ownership) => (uid === undefined && gid === undefined ? {} : { user: "0" })

const ownershipArgs = ({ gid, mode, uid }: Target.Ownership) => [numberText(uid), numberText(gid), modeText(mode)]

export const make = (
  run: Run
): Pick<
  Target.Operations,
  "stat" | "readFile" | "list" | "writeFile" | "appendFile" | "makeDirectory" | "setOwnership" | "remove"
> => {
  const tool = (
    operation: string,
    path: string,
    words: ReadonlyArray<string>,
    options: Omit<Command.Command, "program" | "args"> = {}
  ) => {
    const [program = "", ...args] = words
    const env = { LC_ALL: "C" }
    return quietly(run(Command.make(program, args, { ...options, env }))).pipe(Effect.mapError(failed(operation, path)))
  }
  const script = (
    operation: string,
    path: string,
    text: string,
    args: ReadonlyArray<string>,
    options: Omit<Command.Command, "program" | "args"> = {}
  ) => tool(operation, path, ["sh", "-c", text, "sh", plain(path), ...args], options)
  const setOwnership: Target.Operations["setOwnership"] = (path, ownership) =>
    script("change owner or mode of", path, ownScript, ownershipArgs(ownership), { user: "0" }).pipe(Effect.asVoid)
  return {
    setOwnership,
    stat: (path) =>
      tool("look at", path, ["stat", "-L", "-c", "%u %g %a %s %Y %F", plain(path)]).pipe(
        Effect.map(({ stdout }): Target.FileStat => {
          const [uid, gid, mode = "", size, modified, ...kind] = stdout.trim().split(" ")
          return {
            type: typeOf(kind.join(" ")),
            uid: Number(uid),
            gid: Number(gid),
            mode: Number.parseInt(mode, 8),
            size: Number(size),
            modifiedAt: Number(modified) * 1000
          }
        }),
        Effect.catchIf(
          (error) => error._tag === "FileFailed" && (error.errno === "ENOENT" || error.errno === "ENOTDIR"),
          () => Effect.succeed(undefined)
        )
      ),
    readFile: (path) =>
      // What a command prints is text; base64 keeps every byte.
      Effect.map(
        tool("read", path, ["base64", plain(path)]),
        ({ stdout }) => new Uint8Array(Buffer.from(stdout, "base64"))
      ),
    list: (path) =>
      Effect.map(script("list", path, listScript, []), ({ stdout }) =>
        stdout
          .split("\0")
          .filter((name) => name.trim() !== "")
          .sort()
      ),
    writeFile: (path, content, ownership = {}) =>
      script("write", path, writeScript, ownershipArgs(ownership), { ...userFor(ownership), stdin: content }).pipe(
        Effect.asVoid
      ),
    appendFile: (path, content, ownership = {}) =>
      script("add to", path, appendScript, ownershipArgs(ownership), { ...userFor(ownership), stdin: content }).pipe(
        Effect.asVoid
      ),
    makeDirectory: (path, ownership = {}) =>
      tool("make folder", path, ["mkdir", "-p", plain(path)], userFor(ownership)).pipe(
        Effect.andThen(
          Object.values(ownership).every((v) => v === undefined) ? Effect.void : setOwnership(path, ownership)
        )
      ),
    remove: (path) => Effect.asVoid(tool("remove", path, ["rm", "-rf", "--", path]))
  }
}
