/** The page of what happens when …: every line of it names tests, and all of them are there. */
import { existsSync, readFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import ts from "typescript"
import { expect, it } from "vitest"

const root = resolve(import.meta.dirname, "../..")
const page = readFileSync(join(root, "docs/what-happens-when.md"), "utf8")

/** The lines of the page, each as one line of text. */
const lines = page
  .split(/\n(?=- |#|\n)/)
  .filter((block) => block.startsWith("- "))
  .map((block) => block.slice(2).replace(/\s+/g, " ").trim())

const subjectOf = (line: string): string => /^\*\*(.+?)\*\*/.exec(line)?.[1] ?? line

/** The tests that a line names: `a.test.ts` › “one title”, “another”; `b.test.ts` › “…”. */
const proofsOf = (line: string): ReadonlyArray<{ readonly file: string; readonly titles: ReadonlyArray<string> }> => {
  const [, proofs = ""] = line.split(/ Proven by /)
  return [...proofs.matchAll(/`([^`]+)`((?:(?: ›|,) “[^”]+”)*)/g)].map(([, file = "", titles = ""]) => ({
    file,
    titles: [...titles.matchAll(/“([^”]+)”/g)].flatMap(([, title]) => title ?? [])
  }))
}

/** Every text in a file, and the files of tests that it imports. */
const read = (file: string): { readonly texts: ReadonlyArray<string>; readonly imports: ReadonlyArray<string> } => {
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest)
  const [texts, imports]: [Array<string>, Array<string>] = [[], []]
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      if (/^\..*\.ts$/.test(node.moduleSpecifier.text)) imports.push(join(dirname(file), node.moduleSpecifier.text))
      return
    }
    if (ts.isStringLiteralLike(node)) texts.push(node.text)
    if (ts.isTemplateHead(node) || ts.isTemplateMiddle(node) || ts.isTemplateTail(node)) texts.push(node.text)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return { texts, imports }
}

/** A title is a text of the test's file, or of a file of scenarios that it runs; or a part of one, where it is put together. */
const hasTitle = (file: string, title: string): boolean => {
  const { imports, texts } = read(file)
  return [texts, ...imports.map((imported) => read(imported).texts)].flat().some((text) => text.includes(title))
}

it("has lines", () => {
  expect(lines.length).toBeGreaterThan(40)
  expect(new Set(lines.map(subjectOf)).size).toBe(lines.length)
})

for (const line of lines) {
  it(`“${subjectOf(line)}” is proven by tests that are there`, () => {
    const proofs = proofsOf(line)
    expect(proofs.length).toBeGreaterThan(0)
    expect(line.split(/ Proven by /)[1]?.match(/“/g)).toHaveLength(proofs.flatMap(({ titles }) => titles).length)
    for (const { file, titles } of proofs) {
      expect(file).toMatch(/\.test\.ts$/)
      expect(existsSync(join(root, file)), file).toBe(true)
      expect(titles.length, file).toBeGreaterThan(0)
      expect(titles.filter((title) => !hasTitle(join(root, file), title))).toEqual([])
    }
  })
}
