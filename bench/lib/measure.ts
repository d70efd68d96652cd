/** Measuring: medians and ratios within one run; nothing here is a test. */
import { spawnSync } from "node:child_process"

const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2
}

/** The median of several runs, in milliseconds, after one that does not count. */
export const time = async (runs: number, f: () => unknown): Promise<number> => {
  await f()
  const times: Array<number> = []
  for (let i = 0; i < runs; i++) {
    const before = performance.now()
    await f()
    times.push(performance.now() - before)
  }
  return median(times)
}

/** Runs a whole process and throws if it does not end well. */
export const run = (command: string, args: ReadonlyArray<string>, cwd?: string): void => {
  const { error, status, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}: ${stderr}`)
}

/** Prints a table: the first column to the left, numbers to the right. */
export const table = (
  title: string,
  head: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<string | number>>
): void => {
  const cells = [head, ...rows.map((row) => row.map((cell) => (typeof cell === "number" ? format(cell) : cell)))]
  const widths = head.map((_, i) => Math.max(...cells.map((row) => (row[i] ?? "").length)))
  console.log(`\n${title}`)
  for (const row of cells) {
    console.log(
      `  ${row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join("   ")
        .trimEnd()}`
    )
  }
}

const format = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 1 ? value.toFixed(1) : value.toFixed(3)
