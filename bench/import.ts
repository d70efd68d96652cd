/** What it costs to import the library, cold, in a process of its own. */
import { run, table, time } from "./lib/measure.ts"

const node = (script: string) => () => run(process.execPath, ["--input-type=module", "-e", script])

const runs = 15

export const benchImport = async (): Promise<void> => {
  const empty = await time(runs, node(""))
  const modules = [
    "effect/Effect",
    "effect/Schema",
    "@shipshape/core",
    "@shipshape/core/testing",
    "@shipshape/core/cli",
    "@shipshape/plugin-docker",
    "@shipshape/plugin-django",
    "@shipshape/plugin-postgres",
    "@shipshape/plugin-health"
  ]
  const rows: Array<ReadonlyArray<string | number>> = [["(an empty module)", empty, "1.0 ×", ""]]
  for (const name of modules) {
    const whole = await time(runs, node(`await import(${JSON.stringify(name)})`))
    rows.push([name, whole, `${(whole / empty).toFixed(1)} ×`, whole - empty])
  }
  table(`Import, cold (median of ${runs} processes)`, ["module", "ms whole process", "of empty", "ms added"], rows)
}
