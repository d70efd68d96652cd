/**
 * Directories that an application writes to.
 *
 * @since 0.1.0
 */
import { Check, Step, Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { ComposeControl } from "./ComposeControl.ts"
import { ComposeProbe, type DirectoryFacts } from "./ComposeProbe.ts"
import { NotSupported } from "./DockerError.ts"
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

const look = Effect.fnUntraced(function* (input: Input) {
  const probe = yield* ComposeProbe
  const paths = pathsOf(input, input.service === undefined ? probe.directory : "/")
  if (input.service !== undefined) return yield* probe.directories(input.service, paths)
  const machine = yield* Target.TargetProbe
  return yield* Effect.forEach(
    paths,
    (path) =>
      Effect.map(
        machine.stat(path),
        (stat): DirectoryFacts => ({
          path,
          // On this machine nobody is known who would have to write.
          found:
            stat === undefined
              ? undefined
              : {
                  type: stat.type === "directory" ? "directory" : "other",
                  uid: stat.uid,
                  gid: stat.gid,
                  mode: stat.mode,
                  writable: true
                }
        })
      ),
    { concurrency: 8 }
  )
})

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

/**
 * Directories are there, with owner, group and mode, and the application can write to them. `paths` are below `base`;
 * `.` is the base itself. `group` is the owner's number where it is left out.
 *
 * With `service` they are in the running container of that service, and its own user has to be able to write: the check
 * asks the system whether it may, `apply` makes and removes a file to prove it. Without, they are on the machine where
 * the deployment acts, and relative paths start at the project's folder.
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
export const directories = Step.make("docker.directories", {
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
