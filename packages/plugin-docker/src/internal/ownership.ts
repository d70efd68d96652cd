import type { Check, Target } from "@shipshape/core"

const octal = (mode: number): string => mode.toString(8)

/** What is to be changed of who may do what with a path. */
export const ownershipChanges = (
  name: string,
  found: Pick<Target.FileStat, "uid" | "gid" | "mode">,
  { gid, mode, uid }: Target.Ownership
): ReadonlyArray<Check.Change> => [
  ...(uid === undefined || uid === found.uid
    ? []
    : [{ summary: `owner of ${name}`, before: String(found.uid), after: String(uid) }]),
  ...(gid === undefined || gid === found.gid
    ? []
    : [{ summary: `group of ${name}`, before: String(found.gid), after: String(gid) }]),
  ...(mode === undefined || mode === found.mode
    ? []
    : [{ summary: `mode of ${name}`, before: octal(found.mode), after: octal(mode) }])
]
