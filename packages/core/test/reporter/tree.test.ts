import { tree } from "@shipshape/core/reporter"
import { displayWidth } from "effect/cli/CliOutput"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { begin, frame, reduce } from "../../src/reporter/internal/live.ts"
import { viewOf } from "../../src/reporter/Options.ts"
import { at, failing } from "./support.ts"

/** What is painted after some of the events of a run. */
const painted = (until: number, now: number, { height = 24, width = 80 } = {}): ReadonlyArray<string> => {
  const live = begin()
  for (const event of failing) if (event.at <= until) reduce(live, event)
  return frame(live, { ...viewOf({ width }), height, now, name: (id) => id.padEnd(8) })
}

describe("what is painted", () => {
  it("says how far looking is", () => {
    expect(painted(5, 100)).toEqual(["  ⠙ looking   1 of 6"])
  })

  it("shows what is under way with what it printed last", () => {
    expect(painted(40, 2_100)).toMatchInlineSnapshot(`
      [
        "  ⠙ images     2 s   #1 load 100%",
        "",
        "  ━━━━━━━━━━━━━━━━━━━━━━━━ 1 of 6 · 2.1 s",
      ]
    `)
    expect(painted(4_000, 4_100)[0]).toContain("attempt 1: registry did not answer")
    expect(painted(12_400, 13_500)).toMatchInlineSnapshot(`
      [
        "  ⠴ pg_trgm    1 s",
        "  ⠴ unaccent   1 s",
        "",
        "  ━━━━━━━━━━━━━━━━━━━━━━━━ 2 of 6 · 13.5 s",
      ]
    `)
  })

  it("paints nothing once the run has ended", () => {
    expect(painted(20_000, 20_000)).toEqual([])
  })

  it("fits into every terminal", () => {
    const live = begin()
    for (let i = 0; i < 60; i++) {
      const id = `step-with-a-long-name-${i}`
      reduce(live, at(0, { _tag: "StepStarted", id, type: "t", phase: "apply", risk: "additive", attempt: 1 }))
      reduce(live, at(0, { _tag: "StepOutput", id, line: `${"長い ".repeat(40)}\u001b[2J` }))
    }
    for (const width of [20, 40, 80, 200]) {
      for (const height of [5, 10, 24]) {
        const lines = frame(live, { ...viewOf({ width, color: true }), height, now: 4_000_000, name: (id) => id })
        expect(lines.length).toBeLessThan(height)
        for (const line of lines) expect(displayWidth(line), line).toBeLessThan(width)
      }
    }
  })
})

describe("tree", () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000 })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  const started = () => {
    const chunks: Array<string> = []
    let resized = (): void => {}
    const reporter = tree({
      write: (text) => chunks.push(text),
      size: () => ({ width: 60, height: 24 }),
      onResize: (listener) => {
        resized = listener
        return () => {
          resized = () => {}
        }
      }
    })
    return { chunks, reporter, resize: () => resized() }
  }

  it("paints at most twelve times a second, whatever happens", () => {
    const { chunks, reporter } = started()
    for (const event of failing.slice(0, 6)) reporter.sink(event)
    for (let i = 0; i < 1_000; i++) {
      reporter.sink(at(1_000 + i, { _tag: "StepOutput", id: "images", line: `line ${i}` }))
      vi.advanceTimersByTime(1)
    }
    expect(chunks.length).toBeGreaterThan(5)
    expect(chunks.length).toBeLessThanOrEqual(14)
    reporter.close()
  })

  it("keeps what has ended above what is painted over, and shows the cursor again", () => {
    const { chunks, reporter } = started()
    for (const event of failing) {
      reporter.sink(event)
      vi.advanceTimersByTime(200)
    }
    reporter.close()
    const text = chunks.join("")
    expect(text.startsWith("\u001b[?25l")).toBe(true)
    expect(text.endsWith("\u001b[?25h")).toBe(true)
    expect(text).toContain("  ✓ images       build backend · 1 more · 12.3 s")
    expect(text).toContain("  ✓ ┊ pg_trgm    create extension · 600 ms")
    expect(text.indexOf("error[django.migration-failed]")).toBeGreaterThan(text.indexOf("✗ migrate"))
    const before = chunks.length
    vi.advanceTimersByTime(5_000)
    expect(chunks.length).toBe(before)
  })

  it("paints anew at once when the terminal's size changes", () => {
    const { chunks, reporter, resize } = started()
    for (const event of failing.slice(0, 6)) reporter.sink(event)
    vi.advanceTimersByTime(100)
    const before = chunks.length
    vi.setSystemTime(9_000)
    resize()
    expect(chunks.length).toBe(before + 1)
    reporter.close()
    resize()
    expect(chunks.at(-1)).toBe("\u001b[?25h")
  })

  it("leaves nothing behind where the process ends in between", () => {
    const { chunks, reporter } = started()
    const listeners = process.listenerCount("exit")
    for (const event of failing.slice(0, 6)) reporter.sink(event)
    vi.advanceTimersByTime(100)
    expect(process.listenerCount("exit")).toBe(listeners + 1)
    reporter.close()
    expect(process.listenerCount("exit")).toBe(listeners)
    expect(chunks.at(-1)).toBe("\u001b[?25h")
  })
})
