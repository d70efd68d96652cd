/** A power loss: of each file and folder in a world only what somebody has synced is left. */
import * as fs from "node:fs"
import { type FileHandle, open } from "node:fs/promises"
import * as path from "node:path"
import { told } from "./steps.ts"
import type { World } from "./world.ts"

/** What a file or a folder has on the disk: so many bytes, or these names. */
interface Synced {
  readonly inode: number
  readonly size?: number
  readonly names?: ReadonlyArray<string>
}

/** Beside the world: a line for each time that something was synced. The last one of each counts. */
const noteOf = ({ directory }: World): string => `${directory}.synced`

const write = (world: World, synced: Synced): void => fs.appendFileSync(noteOf(world), `${JSON.stringify(synced)}\n`)

const stateOf = (place: string): Synced => {
  const stats = fs.statSync(place)
  const { ino, size } = stats
  return stats.isDirectory() ? { inode: ino, names: fs.readdirSync(place) } : { inode: ino, size }
}

const allBelow = (folder: string): ReadonlyArray<string> =>
  fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const place = path.join(folder, entry.name)
    return entry.isDirectory() ? [place, ...allBelow(place)] : [place]
  })

/** All that is there in a world is on the disk. */
export const syncAll = (world: World): void => {
  for (const place of [world.directory, ...allBelow(world.directory)]) write(world, stateOf(place))
}

/** From now on this process notes what it syncs, for the world that it is told. */
export const noteSyncs = async (): Promise<(world: World) => void> => {
  const some = await open(import.meta.filename)
  const handles: FileHandle = Object.getPrototypeOf(some)
  await some.close()
  let world: World | undefined
  for (const name of ["sync", "datasync"] as const) {
    const real = handles[name]
    handles[name] = async function (this: FileHandle) {
      const before = stateOf(`/proc/self/fd/${this.fd}`)
      await real.call(this)
      if (world !== undefined) write(world, before)
    }
  }
  return (next) => {
    world = next
  }
}

/** Takes away what was not synced: names that a folder has got since, and the bytes after those that a file had. */
export const dropUnsynced = (world: World): void => {
  const lines = fs.readFileSync(noteOf(world), "utf8").trim().split("\n")
  const known = new Map(
    lines.map((line): [number, Synced] => {
      const synced: Synced = JSON.parse(line)
      return [synced.inode, synced]
    })
  )
  const drop = (folder: string): void => {
    const names = known.get(fs.statSync(folder).ino)?.names ?? []
    for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
      const place = path.join(folder, entry.name)
      // Whoever was told something is elsewhere, and knows it.
      if (entry.name === told) continue
      const { ino, size } = fs.statSync(place)
      if (!names.includes(entry.name)) fs.rmSync(place, { recursive: true })
      else if (entry.isDirectory()) drop(place)
      else fs.truncateSync(place, Math.min(size, known.get(ino)?.size ?? 0))
    }
  }
  drop(world.directory)
}

/** What was noted of a world that is gone. */
export const forget = (world: World): void => fs.rmSync(noteOf(world), { force: true })
