import { expect, inject, it } from "vitest"

// Documentation that does not compile or run is worse than none: each example is a program, and a test.
for (const { errors, file, name } of inject("examples")) {
  it(name, async () => {
    expect(errors.join("\n"), "type errors").toBe("")
    await import(file)
  })
}
