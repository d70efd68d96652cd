import * as os from "node:os"
import type { Actor } from "../Actor.ts"

/** The variables in which build services name the person behind a job; `sudo` hides who has called it. */
const named = ["GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BITBUCKET_STEP_TRIGGERER_UUID", "SUDO_USER"]

/** Who runs this process. */
export const actor = (env: Readonly<Record<string, string | undefined>>): Actor => {
  const known = named.map((name) => env[name]).find((value) => value !== undefined && value !== "")
  return { user: known ?? userName(), host: os.hostname(), pid: process.pid }
}

/** A container may run as a number that has no name. */
const userName = (): string => {
  try {
    return os.userInfo().username
  } catch {
    return String(process.getuid?.() ?? "somebody")
  }
}
