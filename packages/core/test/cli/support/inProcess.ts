import type { Deployment } from "@shipshape/core"
import * as Effect from "effect/Effect"
import { program } from "../../../src/cli/internal/program.ts"
import { demo } from "../fixtures/demo.ts"
import type { World } from "./world.ts"

/** What a program leaves. */
export interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** How the program stands in this process. */
export interface Standing {
  /** Where a person stands. */
  readonly directory?: string
  readonly width?: number
  /** What a person answers, who sits at the terminal; what was asked is in the output. Without it, nobody is there. */
  readonly answers?: ReadonlyArray<string>
}

/** Runs the program in this process, on a world of its own. */
export const run = async (
  args: ReadonlyArray<string>,
  { env, folder }: Pick<World, "env" | "folder">,
  deployment: Deployment.Deployment.Any = demo([]),
  { answers, directory = folder, width = 100 }: Standing = {}
): Promise<Ended> => {
  let out = ""
  let err = ""
  const left = [...(answers ?? [])]
  const code = await Effect.runPromise(
    program({
      args,
      program: "shipshape",
      version: "1.2.3",
      own: { deployment, home: folder },
      seen: { outcome: undefined, note: undefined },
      surface: {
        out: (text) => {
          out += text
        },
        err: (text) => {
          err += text
        },
        color: { out: false, err: false },
        interactive: answers !== undefined,
        repaints: false,
        width: () => width,
        height: () => 24,
        onResize: () => () => {},
        ask: async (question) => {
          if (left.length === 0) throw new Error(`nobody answers: ${question}`)
          out += question
          return left.shift()
        },
        env,
        directory
      }
    })
  )
  return { code, out, err }
}
