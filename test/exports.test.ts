import { expect, it } from "vitest"
import { readSurface } from "../scripts/lib/surface.ts"

// What a user can import is a promise: a change of it is seen in review. `npx vitest run test/exports.test.ts -u`
// writes the lists anew, also that of a new entry.
for (const [entry, symbols] of readSurface()) {
  it(entry.name, async () => {
    const list = symbols.map(({ kind, name }) => `${name}: ${kind}\n`).join("")
    await expect(list).toMatchFileSnapshot(`exports/${entry.name.replace("@shipshape/", "").replace("/", "-")}.txt`)
  })
}
