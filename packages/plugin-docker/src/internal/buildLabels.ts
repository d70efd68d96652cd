/** What an image says of the inputs it was built from. */

import { deflateRawSync, inflateRawSync } from "node:zlib"
import type { Check } from "@shipshape/core"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { BuildInputs, Image } from "../ComposeProbe.ts"

const fingerprintLabel = "shipshape.build.fingerprint"
const partsLabel = "shipshape.build.parts"

/** Labels are part of an image's configuration: beyond this, the plan does without the names of changed files. */
const partsLimit = 16_384

const Parts = Schema.fromJsonString(Schema.Record(Schema.String, Schema.String))

/** The labels for an image built from these inputs. */
export const labelsOf = ({ fingerprint, parts }: BuildInputs): Readonly<Record<string, string>> => {
  const packed = deflateRawSync(JSON.stringify(parts)).toString("base64")
  return { [fingerprintLabel]: fingerprint, ...(packed.length > partsLimit ? {} : { [partsLabel]: packed }) }
}

/** What an image was built from; nothing where no step has built it. */
export const fingerprintOf = (image: Image): string | undefined => image.labels[fingerprintLabel]

/** Whether an image was built from these inputs. */
export const isBuiltFrom = (image: Image, inputs: BuildInputs): boolean => fingerprintOf(image) === inputs.fingerprint

const unpack = (packed: string): Option.Option<Readonly<Record<string, string>>> => {
  try {
    return Schema.decodeUnknownOption(Parts)(inflateRawSync(Buffer.from(packed, "base64")).toString("utf8"))
  } catch {
    // Somebody else's label: as good as none.
    return Option.none()
  }
}

/** Why a service's image is not as it has to be; `context` is how messages name the folder. */
export const reasonToBuild = (
  service: string,
  context: string,
  image: Image | undefined,
  inputs: BuildInputs
): Check.Change => {
  if (image === undefined) return { summary: `build ${service}: no image yet` }
  const before = image.labels[fingerprintLabel]
  if (before === undefined) return { summary: `build ${service}: its image was not built from here` }
  const known = unpack(image.labels[partsLabel] ?? "")
  if (Option.isNone(known)) return { summary: `build ${service}: its context changed` }
  const names = new Set([...Object.keys(known.value), ...Object.keys(inputs.parts)])
  const changed = [...names].filter((name) => known.value[name] !== inputs.parts[name])
  // What stands in brackets is no file of the context.
  const [first] = changed.sort((a, b) => Number(a.startsWith("(")) - Number(b.startsWith("(")))
  if (first === undefined) return { summary: `build ${service}: its context changed` }
  const shown = first.startsWith("(") || context === "" ? first : `${context}/${first}`
  return {
    summary:
      changed.length === 1
        ? `build ${service}: ${shown} changed`
        : `build ${service}: ${changed.length} files changed (first: ${shown})`
  }
}
