import type { BackupProof } from "@shipshape/core"
import { planText } from "@shipshape/core/reporter"
import { displayWidth } from "effect/cli/CliOutput"
import { describe, expect, it } from "vitest"
import { planOf, step } from "./support.ts"

const now = Date.parse("2026-01-02T06:04:05Z")
const interrupted = { run: 41, at: now - 190_000, user: "ada", host: "ci-7", step: "migrate" }
const proof: BackupProof.BackupProof = {
  of: "database edms",
  file: "/srv/backups/edms.dump",
  bytes: 81_230,
  sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  takenAt: now - 3 * 3_600_000,
  archive: { entries: 312, tables: 41 },
  rows: { "public.users": 345, "public.documents": 12_000 }
}
const pending = { action: "apply", changes: [{ summary: "do it" }] } as const

describe("what stands above a plan", () => {
  it("an interrupted run, and what a failure leads to, with the steps that it does not reach", () => {
    const plan = planOf(
      [step("seed", { ...pending, undo: true }), step("migrate", pending), step("done"), step("notify", pending)],
      { interrupted, onFailure: "undo" }
    )
    expect(planText(plan, { now })).toMatchInlineSnapshot(`
      "edms → staging   update, data is disposable
        run 41 of ada on ci-7 was interrupted 3 minutes ago at “migrate”: apply goes on with it
        on failure: taken back; cannot be: migrate, notify

        ~ seed      do it
        ~ migrate   do it
        ✓ done
        ~ notify    do it

        1 in order · 3 to apply   plan 7f3a91"
    `)
    for (const line of planText(plan, { now, width: 40 }).split("\n"))
      expect(displayWidth(line)).toBeLessThanOrEqual(40)
  })

  it("a rollback, and a failure that leads to one", () => {
    const plan = planOf([step("seed", pending)], { backTo: 41, onFailure: "rollback", data: "precious" })
    const [head, about] = planText(plan, { now }).split("\n")
    expect(head).toBe("edms → staging   back to release 41, data is precious")
    expect(about).toBe("  on failure: back to the last release")
  })

  it("nothing of failures where there is nothing to apply, or where a run just stops", () => {
    expect(planText(planOf([step("a")], { onFailure: "undo" }), { now })).not.toContain("on failure")
    expect(planText(planOf([step("a", pending)]), { now })).not.toContain("on failure")
    const all = planOf([step("a", { ...pending, undo: true })], { onFailure: "undo" })
    expect(planText(all, { now })).toContain("\n  on failure: taken back\n")
    expect(planText(planOf([step("a", pending)], { onFailure: "undo" }), { now })).toContain(
      "nothing can be taken back"
    )
  })

  it("says where a run was cut off while it wrote", () => {
    const torn = planOf([step("a")], { interrupted: { ...interrupted, at: now - 500, torn: true } })
    expect(planText(torn, { now })).toContain("interrupted just now at “migrate”, while it wrote its journal: apply")
  })
})

describe("a backup in a plan", () => {
  it("is shown with what proves it, also in a long plan", () => {
    const many = Array.from({ length: 30 }, (_, i) => step(`role-${i}`))
    const text = planText(planOf([...many, step("backup", { proof })]), { now })
    expect(text).toContain("✓ backup   81 kB, 41 tables, 12,345 rows, 3 h old, sha256 9f86…")
    const forced = step("backup", {
      ...pending,
      proof: { ...proof, drilled: true, bytes: 1_234_567, rows: {}, archive: { entries: 1, tables: 1 } }
    })
    expect(planText(planOf([forced]), { now })).toMatch(
      /~ backup {3}do it\n {13}1\.2 MB, 1 table, 0 rows, 3 h old, restored as a drill, sha256 9f86…/
    )
    const engines = step("backup", { proof: { ...proof, rows: {}, archive: { entries: 0, tables: 0 } } })
    expect(planText(planOf([...many, engines]), { now })).toContain("✓ backup   81 kB, 3 h old, sha256 9f86…")
  })
})
