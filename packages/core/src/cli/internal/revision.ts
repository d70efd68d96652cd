import { execFile } from "node:child_process"
import * as Effect from "effect/Effect"
import type { Revision } from "../../Actor.ts"
import type { Surface } from "./surface.ts"

const status = ["--no-optional-locks", "status", "--porcelain=v2", "--branch", "--untracked-files=no"]

/** The revision of the repository that a folder is in; `undefined` where there is no git, no repository, or no commit. */
export const revisionOf = (folder: string, { env, err }: Surface): Effect.Effect<Revision | undefined> =>
  Effect.callback((resume, signal) => {
    const options = { cwd: folder, env: { ...env, LC_ALL: "C" }, maxBuffer: 64 * 1024 * 1024, signal }
    execFile("git", status, options, (error, stdout, stderr) => {
      if (error === null) return resume(Effect.succeed(revisionIn(stdout)))
      const none = error.code === "ENOENT" || stderr.includes("not a git repository")
      // Such as a repository of another user, which git does not open.
      if (!none) err(`note: the revision is not recorded, because git fails: ${stderr.trim().split("\n")[0]}\n`)
      return resume(Effect.succeed(undefined))
    })
  })

const revisionIn = (output: string): Revision | undefined => {
  const commit = /^# branch\.oid ([0-9a-f]+)$/m.exec(output)?.[1]
  return commit === undefined ? undefined : { commit, dirty: /^[^#\n]/m.test(output) }
}

/** `3f2a1c9`, with `+` where files differed from it. */
export const shortRevision = ({ commit, dirty }: Revision): string => `${commit.slice(0, 7)}${dirty ? "+" : ""}`
