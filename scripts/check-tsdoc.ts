/** Gate: whatever a user can reach says what it is and since when, and what can be called shows how. */
import type { PublicSymbol } from "./lib/surface.ts"
import { readSurface } from "./lib/surface.ts"

const callable = new Set<PublicSymbol["kind"]>(["class", "function", "const"])

const missing = (symbol: PublicSymbol): ReadonlyArray<string> => {
  const tag = (name: string) => symbol.tags.filter((tag) => tag.name === name)
  const shown = tag("example").some((example) => example.text?.some((part) => part.text.includes("```ts\n")))
  return [
    ...(symbol.description.trim() === "" ? ["a description"] : []),
    ...(tag("since").length === 0 ? ["@since"] : []),
    ...(callable.has(symbol.kind) && !shown ? ["an @example with a ```ts block"] : [])
  ]
}

// The same symbol may be reached from several entries; it is written, and reported, once.
const problems = new Set<string>()
for (const [entry, symbols] of readSurface()) {
  for (const symbol of symbols) {
    const lacks = missing(symbol)
    if (lacks.length === 0) continue
    problems.add(`${symbol.file}:${symbol.line} ${symbol.name} (${entry.name}) lacks ${lacks.join(", ")}`)
  }
}

for (const problem of problems) console.error(problem)
if (problems.size > 0) {
  console.error(`\n${problems.size} public symbols are not documented`)
  process.exitCode = 1
}
