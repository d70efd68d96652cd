/** Gate: no declaration that is published contains `any`, which would switch off the types of whoever uses it. */
import { globSync, readFileSync } from "node:fs"
import ts from "typescript"
import { root } from "./lib/workspace.ts"

const findAny = (node: ts.Node): ReadonlyArray<ts.Node> => [
  ...(node.kind === ts.SyntaxKind.AnyKeyword ? [node] : []),
  ...node.getChildren().flatMap(findAny)
]

const files = globSync("packages/*/dist/**/*.d.ts", { cwd: root }).sort()
if (files.length === 0) throw new Error("there are no declarations to look at: run `npm run build` first")

for (const file of files) {
  const source = ts.createSourceFile(file, readFileSync(`${root}/${file}`, "utf8"), ts.ScriptTarget.Latest, true)
  const lines = source.text.split("\n")
  for (const node of findAny(source)) {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart())
    console.error(`${file}:${line + 1} ${lines[line]?.trim().slice(0, 160)}`)
    process.exitCode = 1
  }
}
