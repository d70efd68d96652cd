import { stripVTControlCharacters } from "node:util"
import { failureText, planText } from "@shipshape/core/reporter"
import { displayWidth } from "effect/cli/CliOutput"
import { describe, expect, it } from "vitest"
import { failure, planOf, step } from "./support.ts"

const mixed = planOf([
  step("docker"),
  step("env-file", {
    action: "apply",
    risk: "reversible",
    changes: [
      { summary: "owner", before: "root", after: "1000" },
      { summary: "mode", before: "600", after: "640" }
    ]
  }),
  step("clean-slate", { skipped: true, reason: "runs on a fresh start only" }),
  step("migrate", { action: "deferred", reason: "known after “database”" }),
  step("drop-legacy", {
    action: "apply",
    risk: "acknowledged",
    changes: [{ summary: "drop column legacy_path" }],
    acknowledged: { reason: "no reader is left", approvedBy: "Ada" }
  }),
  step("wipe", { action: "apply", risk: "destructive", changes: [{ summary: "remove volume media" }] }),
  step("index", { action: "apply", optional: "search works without it", everyRun: true, reason: "runs every time" }),
  step("health", {
    action: "blocked",
    reason: "service backend is not up",
    failure: { ...failure, message: "service backend is not up", hint: "bring it up" }
  }),
  step("login", {
    action: "blocked",
    reason: "service backend is not up",
    failure: { ...failure, message: "service backend is not up", hint: "bring it up" }
  })
])

describe("planText", () => {
  it("aligns ids, shows before and after, reasons, risks and what may fail, and each hint once", () => {
    expect(planText(mixed, { width: 80 })).toMatchInlineSnapshot(`
      "edms → staging   update, data is disposable

        ✓ docker
        ~ env-file      owner root → 1000, mode 600 → 640
        - clean-slate   runs on a fresh start only
        ? migrate       known after “database”
        ~ drop-legacy   drop column legacy_path
                        destroys data: no reader is left (approved by Ada)
        ~ wipe          remove volume media
                        destroys data
        ~ index         runs every time
                        may fail: search works without it
        ✗ health        service backend is not up
                        hint: bring it up
        ✗ login         service backend is not up

        1 in order · 4 to apply · 1 known later · 2 blocked · 1 left out   plan 7f3a91"
    `)
  })

  it("puts details below the ids where the terminal is narrow", () => {
    expect(planText(mixed, { width: 40 })).toMatchInlineSnapshot(`
      "edms → staging
      update, data is disposable

        ✓ docker
        ~ env-file
            owner root → 1000, mode 600 → 640
        - clean-slate
            runs on a fresh start only
        ? migrate
            known after “database”
        ~ drop-legacy
            drop column legacy_path
            destroys data: no reader is left
            (approved by Ada)
        ~ wipe
            remove volume media
            destroys data
        ~ index
            runs every time
            may fail: search works without it
        ✗ health
            service backend is not up
            hint: bring it up
        ✗ login
            service backend is not up

        1 in order · 4 to apply
        1 known later · 2 blocked · 1 left out
        plan 7f3a91"
    `)
  })

  it("no line is wider than the terminal", () => {
    const wide = planOf([
      step("a-very-long-id-that-nobody-should-have-chosen-for-a-step", {
        action: "apply",
        changes: Array.from({ length: 9 }, (_, i) => ({
          summary: `change number ${i}`,
          before: "旧い",
          after: "新しい"
        }))
      })
    ])
    for (const plan of [mixed, wide]) {
      for (const width of [40, 60, 80, 132]) {
        for (const line of planText(plan, { width, color: true }).split("\n")) {
          expect(displayWidth(line), line).toBeLessThanOrEqual(width)
        }
      }
    }
  })

  it("folds what is in order in a long plan, and not with verbose", () => {
    const many = planOf([
      step("first"),
      ...Array.from({ length: 40 }, (_, i) => step(`role-${i}`)),
      step("change", { action: "apply", changes: [{ summary: "do it" }] }),
      step("last")
    ])
    expect(planText(many, { width: 60 })).toMatchInlineSnapshot(`
      "edms → staging   update, data is disposable

        ✓ 41 in order: first, role-0, role-1, role-2, role-3, rol…
        ~ change   do it
        ✓ last

        42 in order · 1 to apply   plan 7f3a91"
    `)
    expect(planText(many, { width: 60, verbose: true }).split("\n")).toHaveLength(2 + 43 + 2)
  })

  it("colours without changing a letter", () => {
    const coloured = planText(mixed, { width: 80, color: true })
    expect(coloured).not.toBe(planText(mixed, { width: 80 }))
    expect(stripVTControlCharacters(coloured)).toBe(planText(mixed, { width: 80 }))
  })

  it("obeys nothing that stands in the text of a plan", () => {
    const text = planText(
      planOf([step("evil", { action: "apply", changes: [{ summary: "a\u001b[2Jb\u0007c", after: "x\ny" }] })])
    )
    expect(text).toContain("abc → x y")
  })
})

describe("failureText", () => {
  it("says code, what is wrong, step, log, causes and what to do next", () => {
    expect(
      failureText(failure, { steps: [{ id: "migrate", type: "django.migrate" }], width: 60 })
    ).toMatchInlineSnapshot(`
      "error[django.migration-failed]: migration documents.0007
        failed: relation “documents” already exists
        step: migrate (django.migrate)
        │ Applying documents.0007...
        │ psycopg.errors.DuplicateTable: relation “documents” already exists
        cause: \`manage.py migrate\` ended with exit code 1
        hint: compare the table with documents.0007, then fake the
              migration"
    `)
  })

  it("shows the end of a long log, and all of it with verbose", () => {
    const tail = Array.from({ length: 50 }, (_, i) => `line ${i}`)
    const text = failureText({ ...failure, tail })
    expect(text).toContain("… 38 lines before these, with --verbose")
    expect(text).not.toContain("line 37\n")
    expect(text).toContain("line 38\n")
    expect(failureText({ ...failure, tail }, { verbose: true })).toContain("line 0\n")
  })
})
