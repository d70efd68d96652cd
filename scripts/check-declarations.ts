/** Gate: no declaration that is published contains `any`, which would switch off the types of whoever uses it. */
import { globSync, readFileSync } from "node:fs"
import ts from "typescript"
import { root } from "./lib/workspace.ts"

const findAny = (node: ts.Node): ReadonlyArray<number> => [
  ...(node.kind === ts.SyntaxKind.AnyKeyword ? [node.getStart()] : []),
  ...node.getChildren().flatMap(findAny)
]

const files = globSync("packages/*/dist/**/*.d.ts", { cwd: root }).sort()
if (files.length === 0) throw new Error("there are no declarations to look at: run `npm run build` first")

for (const file of files) {
  const source = ts.createSourceFile(file, readFileSync(`${root}/${file}`, "utf8"), ts.ScriptTarget.Latest, true)
  const text = source.text.split("\n")
  const lines = new Set(findAny(source).map((position) => source.getLineAndCharacterOfPosition(position).line))
  for (const line of lines) {
    console.error(`${file}:${line + 1} ${text[line]?.trim().slice(0, 160)}`)
    process.exitCode = 1
  }
}
