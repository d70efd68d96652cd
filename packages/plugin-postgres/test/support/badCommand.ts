/** Commands that get bad input, on a server where nothing may be changed or left. */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { assert, it } from "@effect/vitest"
import { ExitCode, Failure } from "@shipshape/core"
import type { Flag, FlagValue, Terminal } from "@shipshape/core/cli"
import { schema, sql } from "@shipshape/plugin-postgres/commands"
import * as Effect from "effect/Effect"
import { afterAll } from "vitest"
import { fingerprint } from "./badInput.ts"
import type { Database } from "./database.ts"

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "shipshape-commands-"))
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

export type Flags = Readonly<Record<string, FlagValue<Flag>>>

const terminal = { env: {}, directory: folder, verbose: false, color: { out: false, err: false } }

const none: Readonly<Record<string, Flags>> = {
  plan: { against: undefined, serverVersion: undefined, json: false },
  lint: { against: undefined, serverVersion: undefined, transaction: false, trace: false, json: false, sarif: false },
  diff: {
    from: undefined,
    to: undefined,
    renames: undefined,
    scratch: undefined,
    online: false,
    prove: false,
    json: false,
    sql: false
  }
}

/** Runs a command of the plugin in the folder; how it fails, and what it has printed. */
const run = (name: string, given: Flags, operands: ReadonlyArray<string>) => {
  const printed: Array<string> = []
  const print = (text: string) => void printed.push(text)
  const at: Terminal = { ...terminal, out: print, err: print, width: () => 100 }
  const command = { ...sql.commands, ...schema.commands }[name]
  if (command === undefined) throw new Error(`there is no ${name}`)
  const work: Effect.Effect<number, unknown> = command.run({
    flags: { ...none[name], ...given },
    operands,
    terminal: at
  })
  return Effect.map(Effect.flip(work), (error) => ({ ...Failure.report(error), exitCode: ExitCode.of(error), printed }))
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
        assert.deepStrictEqual([found.code, found.exitCode, found.printed], [bad.code, bad.exitCode, []])
        assert.include(found.message, bad.says)
        assert.include(found.hint, bad.hint)
        assert.notMatch(JSON.stringify(found), /secret-word|p@ss/)
        assert.deepStrictEqual(yield* fingerprint(database), before)
      })
    )
  }
}
