/** Finds the commands of plugins. Nothing is looked for where the program itself has the command. */
import { access, readFile, realpath } from "node:fs/promises"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { pathToFileURL } from "node:url"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type { CommandGroup } from "../PluginCommand.ts"
import { isOwn } from "./request.ts"
import { CommandsUnloadable, usage } from "./usage.ts"

/** The groups of commands by their words. */
export type Contributed = ReadonlyMap<string, CommandGroup>

/** Which package of this project has a word's commands; they are found without being depended upon, too. */
const known: Readonly<Record<string, string>> = {
  sql: "@shipshape/plugin-postgres",
  schema: "@shipshape/plugin-postgres"
}

/** The commands that a command line may mean: those under its first word, or all where it asks which there are. */
export const contributedTo = Effect.fnUntraced(function* (
  args: ReadonlyArray<string>,
  directory: string
): Effect.fn.Return<Contributed, unknown> {
  const [word = "--help"] = args
  if (word !== "--help" && word !== "-h" && word !== "completions" && (word.startsWith("-") || isOwn(word))) {
    return new Map()
  }
  const all = yield* Effect.promise(() => offered(directory))
  const wanted = word.startsWith("-") || word === "completions" ? all : all.filter((one) => one.word === word)
  const [first, second] = wanted
  if (wanted.length > 1 && wanted !== all && first !== undefined && second !== undefined) {
    return yield* usage(
      `“${word}” is a command of two packages: ${first.name} and ${second.name}`,
      "remove the one that is not meant"
    )
  }
  if (first === undefined && Object.hasOwn(known, word)) {
    return yield* usage(
      `“${word}” is a command of ${known[word]}, which is not installed here`,
      `npm install ${known[word]}`
    )
  }
  return new Map(yield* Effect.forEach(wanted, (one) => Effect.map(load(one), (group) => [one.word, group] as const)))
})

/** A word that a package offers commands for, and its module. */
interface Offer {
  readonly word: string
  readonly name: string
  /** The folder of the package. */
  readonly folder: string
  /** As its manifest says it: an entry point, `./commands`, or a file. */
  readonly entry: string
}

const Manifest = Schema.Struct({
  name: Schema.optionalKey(Schema.String),
  dependencies: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
  devDependencies: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
  optionalDependencies: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
  peerDependencies: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
  shipshape: Schema.optionalKey(
    Schema.Struct({ commands: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)) })
  )
})

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Manifest))

/** A folder's manifest; a folder without one, or with one that says something else, offers nothing. */
const manifestOf = async (folder: string): Promise<typeof Manifest.Type | undefined> => {
  const text = await readFile(join(folder, "package.json"), "utf8").catch(() => undefined)
  const found = text === undefined ? undefined : decode(text)
  return found?._tag === "Some" ? found.value : undefined
}

/** What the packages that are installed here offer, in the order of their names. */
const offered = async (directory: string): Promise<ReadonlyArray<Offer>> => {
  const project = await projectOf(directory)
  const manifest = project === undefined ? undefined : await manifestOf(project)
  const here = Object.keys({
    ...manifest?.dependencies,
    ...manifest?.devDependencies,
    ...manifest?.optionalDependencies,
    ...manifest?.peerDependencies
  })
  const folders = await Promise.all([
    ...here.map((name) => folderOf(name, project ?? directory)),
    ...[...new Set(Object.values(known))].flatMap((name) => [
      folderOf(name, directory),
      folderOf(name, import.meta.dirname)
    ]),
    // A plugin's own folder, while it is being written.
    project
  ])
  const offers = await Promise.all([...new Set(folders)].map(offersOf))
  const names = new Set<string>()
  // The copy that is found first is the one that the project has.
  return offers
    .flat()
    .filter(({ name, word }) => !names.has(`${name} ${word}`) && names.add(`${name} ${word}`))
    .sort((a, b) => a.word.localeCompare(b.word))
}

const offersOf = async (folder: string | undefined): Promise<ReadonlyArray<Offer>> => {
  const manifest = folder === undefined ? undefined : await manifestOf(folder)
  if (folder === undefined || manifest?.name === undefined) return []
  const { name } = manifest
  return Object.entries(manifest.shipshape?.commands ?? {}).map(([word, entry]) => ({ word, name, folder, entry }))
}

/** The nearest folder upwards that has a manifest. */
const projectOf = async (directory: string): Promise<string | undefined> => {
  const found = await access(join(directory, "package.json")).then(
    () => true,
    () => false
  )
  if (found) return directory
  const parent = dirname(directory)
  return parent === directory ? undefined : projectOf(parent)
}

/** Where a package is installed, as seen from a folder. Its manifest need not be one of its entry points. */
const folderOf = async (name: string, from: string): Promise<string | undefined> => {
  for (const modules of createRequire(join(from, "package.json")).resolve.paths(name) ?? []) {
    const folder = await realpath(join(modules, name)).catch(() => undefined)
    if (folder !== undefined) return folder
  }
  return undefined
}

const load = Effect.fnUntraced(function* ({ entry, folder, name, word }: Offer) {
  const failed = (why: string, cause?: unknown) =>
    new CommandsUnloadable({
      message: `the commands “${word}” of ${name} cannot be loaded: ${why}`,
      hint: `install ${name} again; if that does not help, tell its authors`,
      cause
    })
  const module = yield* Effect.tryPromise({
    try: (): Promise<unknown> => import(pathToFileURL(fileOf(name, folder, entry)).href),
    catch: (cause) => failed(Predicate.isError(cause) ? cause.message : String(cause), cause)
  })
  const group = Predicate.hasProperty(module, word) ? module[word] : undefined
  return isGroup(group) ? group : yield* failed(`${entry} exports no commands by the name ${word}`)
})

/** The file of an entry point: as the package's `exports` say, with the conditions of this process. */
const fileOf = (name: string, folder: string, entry: string): string => {
  try {
    return createRequire(join(folder, "package.json")).resolve(join(name, entry))
  } catch {
    return join(folder, entry)
  }
}

const isGroup = (u: unknown): u is CommandGroup =>
  Predicate.hasProperty(u, "description") && Predicate.hasProperty(u, "commands") && Predicate.isObject(u.commands)
