import { UnknownName } from "../RunError.ts"
import { nearest } from "./nearest.ts"

/** The error for a name that the deployment does not have: which ones there are, and which was most likely meant. */
export const unknownName = (kind: UnknownName["kind"], name: string, known: ReadonlyArray<string>): UnknownName => {
  const close = nearest(name, known)
  const names = known.length > 12 ? "" : `; there ${known.length === 1 ? "is" : "are"}: ${known.join(", ")}`
  return new UnknownName({
    kind,
    name,
    ...(close === undefined ? {} : { nearest: close }),
    message: `there is no ${kind} “${name}”${close === undefined ? "" : ` — did you mean “${close}”?`}`,
    hint: `give one that the deployment has${names}`
  })
}
