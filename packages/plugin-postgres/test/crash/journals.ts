/** What killed runs have left in their journals, read line by line and not by the code that is tried. */
import * as fs from "node:fs"
import * as path from "node:path"
import type { World } from "./world.ts"

/** A journal as it lies there. */
export interface Left {
  readonly run: number
  /** Its text ends within a line. */
  readonly torn: boolean
  readonly ended: string | undefined
  readonly continues: number | undefined
  /** The step that was being applied: the last that began and did not end. */
  readonly step: string | undefined
}

interface Line {
  readonly _tag: string
  readonly step?: string
  readonly outcome?: string
  readonly continues?: number
}

export const folderOf = ({ directory }: World): string => path.join(directory, ".shipshape", "crash", "staging")

/** The journals that have begun, in the order of their numbers. */
export const left = (world: World): ReadonlyArray<Left> => {
  const runs = path.join(folderOf(world), "runs")
  const names = fs.existsSync(runs)
    ? fs
        .readdirSync(runs)
        .filter((name) => name.endsWith(".ndjson"))
        .sort()
    : []
  return names.flatMap((name) => {
    const lines = fs.readFileSync(path.join(runs, name), "utf8").split("\n")
    const torn = lines.pop() !== ""
    const records = lines.map((line): Line => JSON.parse(line))
    if (records[0]?._tag !== "RunBegan") return []
    const open: Array<string | undefined> = []
    for (const { _tag, step } of records) {
      if (_tag === "AttemptBegan") open.push(step)
      if (_tag === "AttemptEnded") open.splice(open.lastIndexOf(step), 1)
    }
    return [
      {
        run: Number.parseInt(name, 10),
        torn,
        ended: records.find(({ _tag }) => _tag === "RunEnded")?.outcome,
        continues: records[0].continues,
        step: open.at(-1)
      }
    ]
  })
}
