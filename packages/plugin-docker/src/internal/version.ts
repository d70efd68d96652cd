/** The one file that knows Effect's versions and ranges, which are not stable yet. */
import * as Result from "effect/Result"
import * as SemVer from "effect/SemVer"
import * as SemVerRange from "effect/SemVerRange"

/** Why a text is no range of versions. */
export const rangeProblem = (range: string): string | undefined =>
  Result.isSuccess(SemVerRange.parse(range)) ? undefined : `“${range}” is no range of versions: write it as in ">=2.20"`

/** Whether a version is in a range. What distributions add to it, as in `2.26.1-4`, makes no pre-release. */
export const isInRange = (version: string, range: string): boolean => {
  const [major = "0", minor = "0", patch = "0"] = /\d+(\.\d+)*/.exec(version)?.[0].split(".") ?? []
  const core = SemVer.parse(`${major}.${minor}.${patch}`)
  const wanted = SemVerRange.parse(range)
  return Result.isSuccess(core) && Result.isSuccess(wanted) && SemVerRange.matches(wanted.success, core.success)
}
