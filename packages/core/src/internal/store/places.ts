import type { Place } from "../../Store.ts"

/** Where the files of one deployment and environment lie. */
export interface Places {
  /** What all deployments share. */
  readonly root: string
  readonly folder: string
  readonly runs: string
  readonly releases: string
  readonly run: (number: number) => string
  readonly release: (number: number) => string
  readonly lock: (generation: number) => string
  readonly holder: (generation: number) => string
}

const digits = (number: number): string => String(number).padStart(6, "0")

/**
 * A name as one word of a path: whatever it holds, it stays within its folder, and is no file of the store's own. Half
 * a character cannot be written down.
 */
const word = (name: string): string => encodeURIComponent(name.toWellFormed()).replace(/^\./, "%2E") || "%00"

/** Each unlocking begins a generation with a lock file of its own, named after the run that was unlocked. */
const ofGeneration = (name: string, generation: number): string =>
  generation === 0 ? name : `${name}.${digits(generation)}`

export const makePlaces = (directory: string, { deployment, environment }: Place): Places => {
  // A path that begins with a dash would be read as an option.
  const root = directory.startsWith("-") ? `./${directory}` : directory
  const folder = `${root}/${word(deployment)}/${word(environment)}`
  return {
    root,
    folder,
    runs: `${folder}/runs`,
    releases: `${folder}/releases`,
    run: (number) => `${folder}/runs/${digits(number)}.ndjson`,
    release: (number) => `${folder}/releases/${digits(number)}.json`,
    lock: (generation) => `${folder}/${ofGeneration("lock", generation)}`,
    holder: (generation) => `${folder}/${ofGeneration("holder", generation)}`
  }
}

/** The numbers that a folder's names hold, in order. */
const numbers = (names: ReadonlyArray<string>, pattern: RegExp): ReadonlyArray<number> =>
  names
    .flatMap((name) => pattern.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b)

export const runNumbers = (names: ReadonlyArray<string>) => numbers(names, /^(\d{6,})\.ndjson$/)
export const releaseNumbers = (names: ReadonlyArray<string>) => numbers(names, /^(\d{6,})\.json$/)

/** The run that was unlocked last, or 0. */
export const generationOf = (names: ReadonlyArray<string>): number => numbers(names, /^lock\.(\d{6,})$/).at(-1) ?? 0
