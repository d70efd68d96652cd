/**
 * Directories that an application writes to.
 *
 * @since 0.1.0
 */
import { Check, Step, Target, Undo } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { ComposeControl } from "./ComposeControl.ts"
import { ComposeProbe, type DirectoryFacts } from "./ComposeProbe.ts"
import { DirectoryNotEmpty, NotSupported } from "./DockerError.ts"
import { pathIn } from "./internal/cli.ts"
import { Id, Mode } from "./internal/fields.ts"
import { servicesOf } from "./internal/names.ts"
import { ownershipChanges } from "./internal/ownership.ts"
import * as resources from "./internal/resources.ts"

const Below = Schema.NonEmptyString.check(
  Schema.makeFilter((path: string) =>
    path.startsWith("/") || path.split("/").includes("..") || /[\n\0]/.test(path)
      ? `“${path}” is not below \`base\`: write it relative to it, without ..`
      : undefined
  )
)

const fields = {
  service: Schema.optionalKey(Schema.NonEmptyString),
  base: Schema.NonEmptyString,
  paths: Schema.NonEmptyArray(Below),
  owner: Id,
  group: Schema.optionalKey(Id),
  mode: Mode
}

type Input = Schema.Struct.Type<typeof fields>

/** The paths as the place where they are knows them; `.` is the base itself. */
const pathsOf = ({ base, paths }: Pick<Input, "base" | "paths">, directory: string): ReadonlyArray<string> =>
  paths.map((path) => pathIn(pathIn(directory, base), path).replace(/\/\.?$/, ""))

const ownershipOf = ({ group, mode, owner }: Input) => ({ uid: owner, gid: group ?? owner, mode })

/** Looks at paths where the step has its directories. */
const lookAt = Effect.fnUntraced(function* ({ service }: Input, paths: ReadonlyArray<string>) {
  if (service !== undefined) return yield* (yield* ComposeProbe).directories(service, paths)
  const machine = yield* Target.TargetProbe
  return yield* Effect.forEach(paths, (path) => Effect.map(machine.stat(path), (stat) => factsOf(path, stat)), {
    concurrency: 8
  })
})

const factsOf = (path: string, stat: Target.FileStat | undefined): DirectoryFacts => {
  if (stat === undefined) return { path, found: undefined }
  const { gid, mode, type, uid } = stat
  // On this machine nobody is known who would have to write.
  return { path, found: { type: type === "directory" ? type : "other", uid, gid, mode, writable: true } }
}

const placesOf = Effect.fnUntraced(function* (input: Input) {
  return pathsOf(input, input.service === undefined ? (yield* ComposeProbe).directory : "/")
})

const look = (input: Input) => Effect.flatMap(placesOf(input), (paths) => lookAt(input, paths))

const noDirectory = (path: string): NotSupported =>
  new NotSupported({
    name: path,
    message: `${path} is there and is no directory`,
    hint: "move it away, or correct the path"
  })

const changesOf = (input: Input, { found, path }: DirectoryFacts): ReadonlyArray<Check.Change> => {
  if (found === undefined) return [{ summary: `create ${path}` }]
  const changes = ownershipChanges(path, found, ownershipOf(input))
  return changes.length > 0 || found.writable
    ? changes
    : [{ summary: `${path} is not writable for the user that ${input.service} runs as` }]
}

const making = Step.make("docker.directories", {
  description: "Directories are there, and the application can write to them",
  risk: "reversible",
  alters: "none",
  input: fields,
  output: { paths: Schema.Array(Schema.String) },
  observes: (input) =>
    input.service === undefined
      ? pathsOf(input, "").map(resources.file)
      : [resources.configuration, resources.service(input.service)],
  check: Effect.fn("docker.directories.check")(function* (input) {
    const facts = yield* look(input)
    const foreign = facts.find(({ found }) => found?.type === "other")
    if (foreign !== undefined) return yield* noDirectory(foreign.path)
    const changes = facts.flatMap((fact) => changesOf(input, fact))
    return changes.length > 0 ? Check.needed(changes) : Check.satisfied({ paths: facts.map(({ path }) => path) })
  }),
  apply: Effect.fn("docker.directories.apply")(function* (input) {
    const probe = yield* ComposeProbe
    if (input.service !== undefined) {
      yield* servicesOf(yield* probe.project, [input.service])
      const paths = pathsOf(input, "/")
      return yield* (yield* ComposeControl).makeDirectories(input.service, paths, ownershipOf(input))
    }
    const machine = yield* Target.Target
    yield* Effect.forEach(pathsOf(input, probe.directory), (path) => machine.makeDirectory(path, ownershipOf(input)), {
      discard: true
    })
  })
})

const Captured = Schema.Array(
  Schema.Struct({
    path: Schema.String,
    /** None of what was not there. */
    found: Schema.optionalKey(Schema.Struct({ uid: Schema.Int, gid: Schema.Int, mode: Schema.Int }))
  })
)

/** A path and those above it, which are made with it; the outermost first. */
const withParents = (path: string): ReadonlyArray<string> => {
  const words = path.split("/")
  return words.map((_, i) => words.slice(0, i + 1).join("/")).filter((one) => one !== "" && one !== ".")
}

const capture = Effect.fnUntraced(function* (input: Input) {
  const paths = yield* placesOf(input)
  const facts = yield* lookAt(input, [...new Set(paths.flatMap(withParents))])
  return facts.flatMap(({ found, path }) => {
    if (found === undefined) return [{ path }]
    const { gid, mode, uid } = found
    // What is above a path and was there stays as it is.
    return paths.includes(path) ? [{ path, found: { uid, gid, mode } }] : []
  })
})

const notEmpty = (paths: ReadonlyArray<string>): DirectoryNotEmpty =>
  new DirectoryNotEmpty({
    paths,
    message: `${paths.join(", ")} ${paths.length === 1 ? "was" : "were"} made by this run and ${
      paths.length === 1 ? "holds" : "hold"
    } something by now`,
    hint: "look at what is in there; keep it, or remove it by hand"
  })

const restore = Effect.fnUntraced(function* (captured: typeof Captured.Type, input: Input) {
  const { service } = input
  const place = service === undefined ? yield* Target.Target : (yield* Target.Containers).service(service)
  const before = captured.flatMap(({ found, path }) => (found === undefined ? [] : [{ path, found }]))
  const now = yield* lookAt(
    input,
    before.map(({ path }) => path)
  )
  for (const { found, path } of before) {
    const at = now.find((one) => one.path === path)?.found
    if (at?.uid !== found.uid || at.gid !== found.gid || at.mode !== found.mode) yield* place.setOwnership(path, found)
  }
  const made = captured.filter(({ found }) => found === undefined).map(({ path }) => path)
  // What is within comes before what it is in.
  const innermost = made.toSorted((a, b) => b.split("/").length - a.split("/").length)
  const left = innermost.length === 0 ? [] : yield* (yield* ComposeControl).removeDirectories(service, innermost)
  const full = left.filter((path) => !left.some((other) => other.startsWith(`${path}/`)))
  if (full.length > 0) return yield* notEmpty(full)
})

/**
 * Directories are there, with owner, group and mode, and the application can write to them. `paths` are below `base`;
 * `.` is the base itself. `group` is the owner's number where it is left out.
 *
 * With `service` they are in the running container of that service, and its own user has to be able to write: the check
 * asks the system whether it may, `apply` makes and removes a file to prove it. Without, they are on the machine where
 * the deployment acts, and relative paths start at the project's folder.
 *
 * Undone, directories that were there get their owner, group and mode back, and those that were not are removed while
 * nothing is in them; one that holds something by now stays, and the error names it.
 *
 * All that is asked of a service in one look, by however many steps, is one round trip.
 *
 * @example
 * ```ts
 * import { Storage } from "@shipshape/plugin-docker"
 * import assert from "node:assert"
 *
 * const storage = Storage.directories("storage", {
 *   service: "backend",
 *   base: "/app/storage",
 *   paths: ["documents", "temp"],
 *   owner: 1000,
 *   mode: 0o755
 * })
 * assert.equal(storage.type, "docker.directories")
 * ```
 *
 * @since 0.1.0
 */
export const directories = Undo.of(making, { captured: Captured, capture, restore })
