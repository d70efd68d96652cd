/** A plugin of our own, in a few short files: an embedded PostgreSQL, a directory, and a program in the background. */
import { Plugin } from "@shipshape/core"
import * as Schema from "effect/Schema"
import { layer } from "./layer.ts"
import { directory, postgres, service } from "./steps.ts"

export { layer } from "./layer.ts"
export { MachineControl, MachineProbe } from "./Machine.ts"

export const Local = {
  postgres,
  service,
  directory,
  machine: Plugin.define("local", {
    version: "1.0.0",
    description: "An embedded PostgreSQL, directories, and programs in the background of this machine",
    steps: { postgres, service, directory },
    options: { directory: Schema.NonEmptyString },
    layer: (options) => layer(options.directory)
  })
}
