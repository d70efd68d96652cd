/** The files of SQL of a deployment: a folder in the order of its names, or a list in its own. */
import { Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import type { MigrationFile } from "../../PostgresMigrations.ts"
import { textOf } from "../cli/reading.ts"
import { refused } from "./progress.ts"

export interface Source {
  readonly folder?: string | undefined
  readonly files?: ReadonlyArray<string> | undefined
}

const down = /\.down\.sql$/i

const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1)

/** Numbers in names count as numbers, so that 10 stands behind 9. */
const order = new Intl.Collator("en", { numeric: true })

/** Reads all files, in the order in which they are run. */
export const filesOf = Effect.fnUntraced(function* (source: Source) {
  const target = yield* Target.TargetProbe
  return yield* Effect.forEach(
    yield* pathsOf(source),
    (path) =>
      Effect.map(
        Effect.flatMap(target.readFile(path), (bytes) => textOf(bytes, path)),
        (text): MigrationFile => ({ name: nameOf(path), text })
      ),
    { concurrency: 8 }
  )
})

const pathsOf = Effect.fnUntraced(function* ({ files, folder }: Source) {
  if ((folder === undefined) === (files === undefined)) {
    return yield* refused("it is not said which files", "give either `folder` or `files`")
  }
  if (folder === undefined) return files ?? []
  const names = (yield* (yield* Target.TargetProbe).list(folder)).filter(
    (name) => /\.sql$/i.test(name) && !down.test(name)
  )
  if (names.length === 0)
    return yield* refused(`there is no file of SQL in ${folder}`, "correct the folder; files end in .sql")
  return names.toSorted(order.compare).map((name) => `${folder.replace(/\/$/, "")}/${name}`)
})

/** What takes a file back: `0001.down.sql` beside `0001.sql`; `undefined` where there is none. */
export const downOf = Effect.fnUntraced(function* ({ files, folder }: Source, name: string) {
  const target = yield* Target.TargetProbe
  const path =
    folder === undefined ? files?.find((file) => nameOf(file) === name) : `${folder.replace(/\/$/, "")}/${name}`
  const beside = path?.replace(/(\.up)?\.sql$/i, ".down.sql")
  if (beside === undefined || (yield* target.stat(beside)) === undefined) return undefined
  const text = yield* Effect.flatMap(target.readFile(beside), (bytes) => textOf(bytes, beside))
  return { name: nameOf(beside), text } satisfies MigrationFile
})
