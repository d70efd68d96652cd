/** The name that keeps an image of a release from being taken away with those that nobody names. */
import { createHash } from "node:crypto"
import type { Release } from "@shipshape/core"

const digest = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 8)

/** A text as it is where it fits, and else what fits of it, with a digest so that no two become one. */
const fitted = (text: string, fits: RegExp, length: number): string => {
  if (fits.test(text) && text.length <= length) return text
  const plain = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, length - 9)
    .replace(/^-|-$/g, "")
  return plain === "" ? digest(text) : `${plain}-${digest(text)}`
}

const repository = /^[a-z0-9]+((\.|__?|-+)[a-z0-9]+)*$/
const tag = /^\w[\w.-]*$/

/** `shipshape/<project>-<service>:<deployment>-<environment>-<release>`, as far as Docker allows their letters. */
export const keptImage = (
  project: string,
  service: string,
  { deployment, environment, number }: Release.Keeping
): string =>
  `shipshape/${fitted(`${project}-${service}`, repository, 200)}:${fitted(`${deployment}-${environment}`, tag, 100)}-${number}`
