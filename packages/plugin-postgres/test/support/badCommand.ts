/** Commands that get bad input, on a server where nothing may be changed or left. */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { assert, it } from "@effect/vitest"
import { ExitCode, Failure } from "@shipshape/core"
import * as Effect from "effect/Effect"
import { afterAll } from "vitest"
import { fingerprint } from "./badInput.ts"
import { commandIn, type Flags } from "./contributed.ts"
import type { Database } from "./database.ts"

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "shipshape-commands-"))
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

/** How a command fails, and what it has printed. */
const run = (name: Bad["command"], given: Flags, operands: ReadonlyArray<string>) => {
  const { ended, printed } = commandIn(folder, name, given, operands)
  return Effect.map(Effect.flip(ended), (error) => ({
    ...Failure.report(error),
    exitCode: ExitCode.of(error),
    printed: printed()
  }))
}

/** A file of this content, by its name in the folder where commands run. */
export const write = (content: string | Uint8Array): string => {
  const name = `file-${fs.readdirSync(folder).length}.sql`
  fs.writeFileSync(path.join(folder, name), content)
  return name
}

export interface Bad {
  readonly name: string
  readonly command: "plan" | "lint" | "diff"
  readonly flags?: () => Flags
  readonly files?: () => ReadonlyArray<string>
  readonly exitCode: number
  readonly code: string
  readonly says: string
  readonly hint: string
}

export const testAll = (database: Database, cases: ReadonlyArray<Bad>): void => {
  for (const bad of cases) {
    it.live(bad.name, () =>
      Effect.gen(function* () {
        const before = yield* fingerprint(database)
        const found = yield* run(bad.command, bad.flags?.() ?? {}, bad.files?.() ?? [])
        assert.deepStrictEqual(
          [found.code, found.exitCode, found.printed],
          [bad.code, bad.exitCode, { out: "", err: "" }]
        )
        assert.include(found.message, bad.says)
        assert.include(found.hint, bad.hint)
        assert.notMatch(JSON.stringify(found), /secret-word|p@ss/)
        assert.deepStrictEqual(yield* fingerprint(database), before)
      })
    )
  }
}
