import * as fs from "node:fs"
import * as path from "node:path"
import { execa } from "execa"
import { root } from "../../scripts/lib/workspace.ts"

/** A block of code in a comment of a package's source, written to a file of its own. */
export interface Example {
  /** Where it is in the source: `packages/core/src/Output.ts:42`. */
  readonly name: string
  readonly file: string
  /** What the type checker has against it, with places in the source. */
  readonly errors: ReadonlyArray<string>
}

const fence = /^ *\* ```ts\n(?<code>[\s\S]*?)^ *\* ```$/gm

const tsconfig = {
  extends: "../tsconfig.base.json",
  // Each example is a program of its own, also one that imports nothing, and may stop at what it shows.
  compilerOptions: { moduleDetection: "force", noUnusedLocals: false },
  include: ["**/*.ts"]
}

/** Writes each example to a file where it has the line numbers of its source, so that errors point there. */
const extract = (folder: string, source: string): ReadonlyArray<Omit<Example, "errors">> => {
  const text = fs.readFileSync(path.join(root, source), "utf8")
  return [...text.matchAll(fence)].map((match) => {
    const before = text.slice(0, match.index).split("\n").length
    const code = (match.groups?.code ?? "").replace(/^ *\* ?/gm, "")
    const file = path.join(folder, `${source.slice(0, -".ts".length)}-${before}.ts`)
    fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.writeFileSync(file, `${"\n".repeat(before)}${code}`)
    return { name: `${source}:${before}`, file }
  })
}

const typeCheck = async (folder: string): Promise<ReadonlyArray<string>> => {
  fs.writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify(tsconfig))
  const { stdout } = await execa("tsc", ["-p", folder, "--pretty", "false"], {
    cwd: root,
    preferLocal: true,
    reject: false
  })
  const errors = stdout.split(/\n(?=\S)/).filter((error) => error !== "")
  const general = errors.find((error) => error.startsWith("error "))
  if (general !== undefined) throw new Error(`the examples cannot be type-checked: ${general}`)
  return errors
}

/** Extracts the examples of every package into a folder within the repository, and type-checks them. */
export const readExamples = async (folder: string): Promise<ReadonlyArray<Example>> => {
  const sources = fs.globSync("packages/*/src/**/*.ts", { cwd: root }).sort()
  const examples = sources.flatMap((source) => extract(folder, source))
  const errors = await typeCheck(folder)
  return examples.map((example) => {
    const place = `${path.relative(root, example.file)}(`
    const source = example.name.slice(0, example.name.lastIndexOf(":"))
    const own = errors.filter((error) => error.startsWith(place))
    return { ...example, errors: own.map((error) => `${source}(${error.slice(place.length)}`) }
  })
}
