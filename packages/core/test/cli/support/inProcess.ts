import type { Deployment } from "@shipshape/core"
import * as Effect from "effect/Effect"
import { program } from "../../../src/cli/internal/program.ts"
import { demo } from "../fixtures/demo.ts"
import type { World } from "./world.ts"

/** Runs the program in this process, with no terminal, on a world of its own. */
export const run = async (
  args: ReadonlyArray<string>,
  { env, folder }: Pick<World, "env" | "folder">,
  deployment: Deployment.Deployment.Any = demo([])
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> => {
  let out = ""
  let err = ""
  const code = await Effect.runPromise(
    program({
      args,
      program: "shipshape",
      version: "1.2.3",
      deployment,
      seen: { outcome: undefined, note: undefined },
      surface: {
        out: (text) => {
          out += text
        },
        err: (text) => {
          err += text
        },
        color: { out: false, err: false },
        interactive: false,
        repaints: false,
        width: () => 100,
        height: () => 24,
        onResize: () => () => {},
        ask: () => Promise.reject(new Error("nobody is here to be asked")),
        env,
        directory: folder
      }
    })
  )
  return { code, out, err }
}
