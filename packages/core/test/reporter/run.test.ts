import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { github, ndjson, plain } from "@shipshape/core/reporter"
import { describe, expect, it, onTestFinished } from "vitest"
import { at, failing } from "./support.ts"
import { written } from "./written.ts"

const counts = { satisfied: 0, applied: 0, failed: 0, notRun: 0, undone: 0, skipped: 0, optionalFailed: 0 }

describe("plain", () => {
  it("writes the plan, a line for each step that ends, failures as a whole, and figures", () => {
    expect(written((write) => plain({ write, width: 80 }), failing)).toMatchInlineSnapshot(`
      "edms → staging   update, data is disposable

        ✓ docker
        ~ images     build backend, build frontend
        ~ pg_trgm    create extension
        ? unaccent   known after “images”
        ? migrate    known after “images”
        ? health     known after “images”

        1 in order · 2 to apply · 3 known later   plan 7f3a91

        ▸ images
        ↻ images   attempt 1: registry did not answer
        ▸ images   attempt 2
        ✓ images       build backend · 1 more · 12.3 s
        ▸ ┊ pg_trgm
        ▸ ┊ unaccent
        ✓ ┊ unaccent   in order
        ✓ ┊ pg_trgm    create extension · 600 ms
        ▸ migrate
        ✗ migrate      migration documents.0007 failed: relation “documents”… · 2.0 s

      error[django.migration-failed]: migration documents.0007 failed: relation
        “documents” already exists
        step: migrate (django.migrate)
        │ Applying documents.0007...
        │ psycopg.errors.DuplicateTable: relation “documents” already exists
        cause: \`manage.py migrate\` ended with exit code 1
        hint: compare the table with documents.0007, then fake the migration

        not run, because “migrate” failed: health

        2 applied · 2 in order · 1 failed · 1 not run   15.0 s
      "
    `)
  })

  it("shows a plan once, however often it is made", () => {
    const planned = failing.filter((event) => event._tag === "RunStarted" || event._tag === "Planned")
    const text = written((write) => plain({ write }), [...planned, ...planned])
    expect(text.match(/edms → staging/g)).toHaveLength(1)
  })

  it("says what an interruption has left, and how to go on", () => {
    const text = written(
      (write) => plain({ write, width: 60 }),
      [
        at(0, {
          _tag: "StepFinished",
          id: "migrate",
          type: "django.migrate",
          outcome: "failed",
          changes: [],
          durationMs: 900,
          failure: {
            code: "core.interrupted",
            message: "“migrate” was interrupted",
            hint: "",
            retryable: true,
            causes: []
          }
        }),
        at(0, {
          _tag: "StepFinished",
          id: "health",
          type: "health.http",
          outcome: "notRun",
          changes: [],
          durationMs: 0
        }),
        at(0, {
          _tag: "RunFinished",
          outcome: "interrupted",
          counts: { ...counts, failed: 1, notRun: 1 },
          durationMs: 900
        })
      ]
    )
    expect(text).toMatchInlineSnapshot(`
      "  ✗ migrate   “migrate” was interrupted · 900 ms

      interrupted
        under way: migrate
        not run: health
        hint: run apply again: it looks at the world and goes on
        with what is missing; \`resume --undo\` takes back what was
        applied

        1 interrupted · 1 not run   900 ms
      "
    `)
  })

  it("tells the same failure of several steps once", () => {
    const ended = failing.find((event) => event._tag === "StepFinished" && event.outcome === "failed")
    if (ended?._tag !== "StepFinished") throw new Error("no failure")
    const text = written(
      (write) => plain({ write }),
      [
        { ...ended, id: "one" },
        { ...ended, id: "two" },
        at(0, { _tag: "RunFinished", outcome: "failed", counts: { ...counts, failed: 2 }, durationMs: 1 })
      ]
    )
    expect(text.match(/error\[/g)).toHaveLength(1)
    expect(text).toContain("steps: one (django.migrate), two (django.migrate)")
  })
})

describe("ndjson", () => {
  it("writes each event as one line", () => {
    const lines = written((write) => ndjson({ write }), failing)
      .trimEnd()
      .split("\n")
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(failing)
  })
})

describe("github", () => {
  const folder = mkdtempSync(join(tmpdir(), "shipshape-reporter-"))

  it("groups output, annotates failures, and writes the job's summary", () => {
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const summaryFile = join(folder, "summary.md")
    writeFileSync(summaryFile, "")
    appendFileSync(summaryFile, "before\n")
    const text = written((write) => github({ write, summaryFile }), failing)
    expect(text).toContain("::group::images: output\n#1 load 100%\n::endgroup::\n")
    expect(text).toContain(
      "::error title=migrate%3A django.migration-failed::migration documents.0007 failed: relation “documents” already exists%0Ahint: compare"
    )
    expect(readFileSync(summaryFile, "utf8")).toMatchInlineSnapshot(`
      "before
      ### edms → staging: failed

      | | step | |
      | --- | --- | --- |
      | ✓ in order | \`docker\` |  |
      | ✓ applied | \`images\` | build backend, build frontend |
      | ✓ in order | \`unaccent\` |  |
      | ✓ applied | \`pg_trgm\` | create extension |
      | ✗ failed | \`migrate\` | migration documents.0007 failed: relation “documents” already exists |
      | - not run | \`health\` | not run, because “migrate” failed |

      What to do next:

      - **migrate**: compare the table with documents.0007, then fake the migration

      "
    `)
  })

  it("lets no step's output command the runner", () => {
    const text = written(
      (write) => github({ write }),
      [
        at(0, { _tag: "StepOutput", id: "a", line: "::set-output name=x::y" }),
        at(0, { _tag: "StepFinished", id: "a", type: "t.a", outcome: "applied", changes: [], durationMs: 0 })
      ]
    )
    expect(text).not.toMatch(/^::set-output/m)
  })
})
