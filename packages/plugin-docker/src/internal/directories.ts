/** Directories in containers: scripts are constants, paths and numbers are their arguments. */
import type { Command } from "@shipshape/core"
import type { DirectoryFacts } from "../ComposeProbe.ts"

/** A line for each path: what it is, whether this user may make files in it, owner, group and mode. */
export const lookScript = `for p; do
  if [ -d "$p" ]; then t=directory; elif [ -e "$p" ]; then t=other; else echo absent; continue; fi
  if [ -w "$p" ] && [ -x "$p" ]; then w=yes; else w=no; fi
  printf '%s %s %s\\n' "$t" "$w" "$(stat -L -c '%u %g %a' "$p")"
done`

/** What a probe may run in a container to look at directories. */
export const looks: Command.Allowed = [["sh", "-c", lookScript, "sh"]]

/** Arguments: uid:gid, mode, paths. */
export const makeScript = `set -e
owner=$1; mode=$2; shift 2
for p; do mkdir -p "$p"; chown "$owner" "$p"; chmod "$mode" "$p"; done`

/** Makes and removes a file in each; prints the paths where that fails. */
export const proveScript = `for p; do
  if t=$(mktemp "$p/.shipshape.XXXXXX" 2>/dev/null); then rm -f "$t"; else printf '%s\\n' "$p"; fi
done`

/** Removes those that are empty; prints the paths of the others. */
export const removeScript = `for p; do
  if [ -d "$p" ] && ! rmdir "$p" 2>/dev/null; then printf '%s\\n' "$p"; fi
done`

export const parseLook = (paths: ReadonlyArray<string>, text: string): ReadonlyArray<DirectoryFacts> => {
  const lines = text.split("\n")
  return paths.map((path, i) => {
    const [type, writable, uid, gid, mode = ""] = (lines[i] ?? "").trim().split(" ")
    return {
      path,
      found:
        type !== "directory" && type !== "other"
          ? undefined
          : {
              type,
              uid: Number(uid),
              gid: Number(gid),
              mode: Number.parseInt(mode, 8),
              writable: writable === "yes"
            }
    }
  })
}
