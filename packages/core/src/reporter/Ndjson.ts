/**
 * A run as JSON: one event a line.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { Event } from "../Event.ts"
import type { Reporter, ReporterOptions } from "./Reporter.ts"

const encode = Schema.encodeSync(Schema.fromJsonString(Event))

/**
 * Writes one event a line, in JSON.
 *
 * @example
 * ```ts
 * import { ndjson } from "@shipshape/core/reporter"
 * import assert from "node:assert"
 *
 * const written: Array<string> = []
 * ndjson({ write: (text) => written.push(text) }).sink({ _tag: "StepChecked", at: 0, id: "images" })
 * assert.deepEqual(JSON.parse(written.join("")), { _tag: "StepChecked", at: 0, id: "images" })
 * ```
 *
 * @since 0.1.0
 */
export const ndjson = ({ write }: Pick<ReporterOptions, "write">): Reporter => ({
  sink: (event) => write(`${encode(event)}\n`),
  close: () => {}
})
