/** The real `shipshape`, in a process of its own. */
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"

const program = fileURLToPath(new URL("../../../core/src/cli/bin.ts", import.meta.url))

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs it in a folder, with a text on its standard input. */
export const command = (directory: string, args: ReadonlyArray<string>, input = ""): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const options = ["--disable-warning=ExperimentalWarning", "--conditions=@shipshape/source", "--"]
    const child = spawn(process.execPath, [...options, program, ...args], { cwd: directory })
    let [out, err] = ["", ""]
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text
    })
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      err += text
    })
    child.on("error", reject)
    child.on("close", (code) => resolve({ code, out, err }))
    child.stdin.end(input)
  })
