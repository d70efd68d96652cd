import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Event } from "@shipshape/core"
import { github, ndjson, plain, tree } from "@shipshape/core/reporter"
import { describe, expect, it, onTestFinished } from "vitest"
import { begin, frame, reduce } from "../../src/reporter/internal/live.ts"
import { viewOf } from "../../src/reporter/Options.ts"
import { at, failure, planOf, step } from "./support.ts"
import { written } from "./written.ts"

const counts = { satisfied: 0, applied: 2, failed: 1, notRun: 0, undone: 1, skipped: 0, optionalFailed: 0 }
const holder = (more: object = {}) =>
  ({
    run: 41,
    mode: "apply",
    who: { user: "ada", host: "ci-7", pid: 4711 },
    since: 0,
    step: "images",
    ...more
  }) as const

const started = at(60_000, {
  _tag: "RunStarted",
  mode: "apply",
  deployment: "edms",
  environment: "production",
  data: "precious",
  strategy: "update",
  steps: ["seed", "config", "migrate"].map((id) => ({ id, type: `test.${id}` }))
})

/** A run that waits for another one, goes on with an interrupted one, fails, and takes back what it can. */
const undone: ReadonlyArray<Event.Event> = [
  started,
  at(60_000, { _tag: "LockWaiting", holder: holder() }),
  at(60_500, { _tag: "LockWaiting", holder: holder() }),
  at(95_000, { _tag: "LockWaiting", holder: holder({ step: "health" }) }),
  at(96_000, { _tag: "LockTaken", run: 42 }),
  at(96_000, { _tag: "Notice", code: "core.interrupted-run", message: "run 40 was interrupted" }),
  at(96_100, {
    _tag: "Planned",
    plan: planOf([step("seed", { action: "apply", undo: true }), step("migrate", { action: "apply" })], {
      environment: "production",
      data: "precious",
      onFailure: "undo",
      interrupted: { run: 40, at: 95_000, user: "ada", host: "ci-7", step: "seed" }
    })
  }),
  at(97_000, { _tag: "StepFinished", id: "seed", type: "t", outcome: "applied", changes: [], durationMs: 90 }),
  at(97_500, { _tag: "StepFinished", id: "config", type: "t", outcome: "applied", changes: [], durationMs: 90 }),
  at(98_000, {
    _tag: "StepFinished",
    id: "migrate",
    type: "t",
    outcome: "failed",
    changes: [],
    durationMs: 400,
    failure
  }),
  at(98_000, {
    _tag: "Notice",
    code: "core.cannot-undo",
    message: "“migrate” cannot be taken back, and stays as applied"
  }),
  at(98_000, { _tag: "StepStarted", id: "config", type: "t", phase: "undo", risk: "additive", attempt: 1 }),
  at(98_400, { _tag: "StepUndone", id: "config", type: "t", outcome: "undone", durationMs: 400 }),
  at(98_400, { _tag: "StepStarted", id: "seed", type: "t", phase: "undo", risk: "additive", attempt: 1 }),
  at(98_600, {
    _tag: "StepUndone",
    id: "seed",
    type: "t",
    outcome: "failed",
    durationMs: 200,
    failure: { code: "test.jam", message: "the seed is jammed", hint: "pull harder", retryable: false, causes: [] }
  }),
  at(98_700, { _tag: "RunFinished", outcome: "failed", counts, durationMs: 38_700 })
]

const succeeded = at(99_000, {
  _tag: "RunFinished",
  outcome: "succeeded",
  counts: { ...counts, failed: 0, undone: 0 },
  durationMs: 3_000
})

describe("what comes before and after the steps", () => {
  it("plain: who is waited for, once for each step of theirs; what was taken back, and what could not be", () => {
    const text = written((write) => plain({ write, width: 90, now: 96_100 }), undone)
    expect(text).toMatchInlineSnapshot(`
      "  … waiting for run 41 of ada on ci-7 (process 4711), begun 1 minute ago, at “images”
        … waiting for run 41 of ada on ci-7 (process 4711), begun 1 minute ago, at “health”
      edms → production   update, data is precious
        run 40 of ada on ci-7 was interrupted 1 second ago at “seed”: apply goes on with it
        on failure: taken back; cannot be: migrate

        ~ seed
        ~ migrate

        2 to apply   plan 7f3a91

        ✓ seed
        ✓ config
        ✗ migrate   migration documents.0007 failed: relation “documents” already exi… · 400 ms
        note: “migrate” cannot be taken back, and stays as applied
        ▸ config    taking back
        ↶ config    taken back · 400 ms
        ▸ seed      taking back
        ✗ seed      could not be taken back: the seed is jammed · 200 ms

      error[django.migration-failed]: migration documents.0007 failed: relation “documents”
        already exists
        step: migrate (t)
        │ Applying documents.0007...
        │ psycopg.errors.DuplicateTable: relation “documents” already exists
        cause: \`manage.py migrate\` ended with exit code 1
        hint: compare the table with documents.0007, then fake the migration

      error[test.jam]: the seed is jammed
        step: seed (t)
        hint: pull harder

        taken back: config
        could not be taken back: seed; what was applied before it stays

        2 applied · 1 taken back · 1 failed   38.7 s
      "
    `)
  })

  it("a run whose end alone says why it failed is told why", () => {
    const lost = {
      code: "core.lock-lost",
      message: "run 42 has lost the lock",
      hint: "look",
      retryable: false,
      causes: []
    }
    const text = written(
      (write) => plain({ write }),
      [at(0, { _tag: "RunFinished", outcome: "failed", counts, durationMs: 1, failure: lost })]
    )
    expect(text).toContain("error[core.lock-lost]: run 42 has lost the lock")
  })

  it("the release that a run leaves stands with its figures", () => {
    const text = written((write) => plain({ write }), [at(0, { _tag: "ReleaseRecorded", release: 43 }), succeeded])
    expect(text).toContain("2 applied · release 43   3.0 s")
  })

  it("what was only taken back is not “nothing to do”", () => {
    const end = at(0, {
      _tag: "RunFinished",
      outcome: "succeeded",
      counts: { ...counts, applied: 0, failed: 0, undone: 2 },
      durationMs: 3_000
    })
    expect(written((write) => plain({ write }), [end])).toContain("  2 taken back   3.0 s")
  })

  it("tree: one line is painted over while it waits", () => {
    const live = begin()
    const frames: Array<ReadonlyArray<string>> = []
    for (const event of undone.slice(0, 5)) {
      reduce(live, event)
      frames.push(frame(live, { ...viewOf({ width: 90 }), height: 24, now: event.at, name: (id) => id }))
    }
    expect(frames.map((lines) => lines.map((line) => line.slice(4)))).toEqual([
      ["looking   0 of 3"],
      ["waiting for run 41 of ada on ci-7 (process 4711), begun 1 minute ago, at “images”"],
      ["waiting for run 41 of ada on ci-7 (process 4711), begun 1 minute ago, at “images”"],
      ["waiting for run 41 of ada on ci-7 (process 4711), begun 1 minute ago, at “health”"],
      ["looking   0 of 3"]
    ])
  })

  it("tree: what is taken back moves, and stays when it has ended", () => {
    const live = begin()
    for (const event of undone.slice(0, -4)) reduce(live, event)
    reduce(live, undone.at(-5) as Event.Event)
    const [line] = frame(live, { ...viewOf({ width: 60 }), height: 24, now: 98_100, name: (id) => id })
    expect(line).toContain("config   0 s   taking back")
    const text = written((write) => tree({ write, size: () => ({ width: 90, height: 24 }) }), undone)
    expect(text).toContain("  ↶ config    taken back · 400 ms\n")
    expect(text).toContain("  ✗ seed      could not be taken back: the seed is jammed · 200 ms\n")
    expect(text).toContain("  note: “migrate” cannot be taken back")
  })

  it("github: a notice, an annotation, and a line of the summary", () => {
    const folder = mkdtempSync(join(tmpdir(), "shipshape-aftermath-"))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const summaryFile = join(folder, "summary.md")
    const events = [...undone.slice(0, -1), at(0, { _tag: "ReleaseRecorded", release: 43 }), ...undone.slice(-1)]
    const text = written((write) => github({ write, summaryFile }), events)
    expect(text).toContain("::notice title=core.cannot-undo::“migrate” cannot be taken back")
    expect(text).toContain("::error title=seed%3A test.jam::the seed is jammed%0Ahint: pull harder")
    const summary = readFileSync(summaryFile, "utf8")
    expect(summary).toContain("- `config`: taken back\n- `seed`: could not be taken back\n- release 43\n")
  })

  it("ndjson: each event as it is", () => {
    const lines = written((write) => ndjson({ write }), undone)
      .trimEnd()
      .split("\n")
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(undone)
  })
})
