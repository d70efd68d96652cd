/** What goes into builds: two processes for all contexts together, however many files there are. */

import { createHash } from "node:crypto"
import { posix } from "node:path"
import { Command, type Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import type { BuildInputs } from "../ComposeProbe.ts"
import { type DockerFailed, FileMissing } from "../DockerError.ts"
import { engineError } from "./classify.ts"
import { quietly } from "./cli.ts"
import { makeFilter } from "./dockerignore.ts"
import type { Config } from "./facts.ts"

interface Build {
  readonly service: string
  /** The folder; `undefined` where the context is elsewhere, such as a Git repository. */
  readonly context: string | undefined
  readonly dockerfile: string | undefined
  /** All that the Compose file says of it, but for where the folder lies. */
  readonly configuration: string
}

interface Entry {
  readonly path: string
  readonly type: string
  readonly mode: string
  readonly link: string
}

const digestOf = (...parts: ReadonlyArray<string | Uint8Array>): string => {
  const hash = createHash("sha256")
  for (const part of parts) hash.update(part).update("\0")
  return hash.digest("hex")
}

const isFolder = (context: string): boolean => context.startsWith("/")

const buildsOf = (config: Config): ReadonlyArray<Build> =>
  Object.entries(config.services ?? {}).flatMap(([service, { build }]) => {
    if (build === undefined || build === null) return []
    const { context, dockerfile, ...rest } = build
    const local = typeof context === "string" && isFolder(context)
    const file = typeof dockerfile === "string" ? dockerfile : "Dockerfile"
    return [
      {
        service,
        context: local ? context : undefined,
        dockerfile: !local || "dockerfile_inline" in rest ? undefined : isFolder(file) ? file : `${context}/${file}`,
        configuration: JSON.stringify(local ? rest : { ...rest, context })
      }
    ]
  })

/** Reads a text, or nothing where there is no such file. */
const optionalText = (probe: Target.ReadOperations, path: string) =>
  probe.readFile(path).pipe(
    Effect.map((bytes) => new TextDecoder().decode(bytes)),
    Effect.catchIf(
      (e) => e._tag === "FileFailed" && e.errno === "ENOENT",
      () => Effect.succeed(undefined)
    )
  )

/** What may be run to look at folders: neither writes as it is used here. */
const reads: Command.Allowed = [["find"], ["xargs", "--null", "sha256sum", "--zero"]]

const run = (probe: Target.ReadOperations, command: Command.Command) =>
  probe
    .run(reads, command)
    .pipe(Effect.catchTag("CommandNotAllowed", Effect.die), Effect.mapError(engineError), quietly)

/**
 * What this tool itself keeps beside a deployment: its journal grows while a build is looked at, and no image is made of
 * it.
 */
const own = ["-name", ".shipshape", "-prune", "-o"]

/** All entries of several folders, by folder. */
const entriesOf = Effect.fnUntraced(function* (probe: Target.ReadOperations, folders: ReadonlyArray<string>) {
  const format = "%H\\0%P\\0%y\\0%m\\0%l\\0"
  const { stdout } = yield* run(probe, Command.make("find", [...folders, "-mindepth", "1", ...own, "-printf", format]))
  const fields = stdout.split("\0")
  const byFolder = new Map<string, Array<Entry>>(folders.map((folder) => [folder, []]))
  for (let i = 0; i + 4 < fields.length; i += 5) {
    const [folder = "", path = "", type = "", mode = "", link = ""] = fields.slice(i, i + 5)
    byFolder.get(folder)?.push({ path, type, mode, link })
  }
  return byFolder
})

/** The digests of files, by path. */
const digestsOf = Effect.fnUntraced(function* (probe: Target.ReadOperations, paths: ReadonlyArray<string>) {
  if (paths.length === 0) return new Map<string, string>()
  const { stdout } = yield* run(
    probe,
    Command.make("xargs", ["--null", "sha256sum", "--zero", "--"], { stdin: `${paths.join("\0")}\0` })
  )
  // A digest, two characters, the path.
  return new Map(
    stdout.split("\0").flatMap((line) => (line === "" ? [] : [[line.slice(66), line.slice(0, 64)] as const]))
  )
})

/** The entries that the builder sees. */
const visible = Effect.fnUntraced(function* (
  probe: Target.ReadOperations,
  { context, dockerfile }: Build,
  entries: ReadonlyArray<Entry>
) {
  const own = dockerfile === undefined ? undefined : yield* optionalText(probe, `${dockerfile}.dockerignore`)
  const rules = own ?? (context === undefined ? undefined : yield* optionalText(probe, `${context}/.dockerignore`))
  if (rules === undefined) return entries
  const isVisible = makeFilter(rules)
  return entries.filter(({ path }) => isVisible(path))
})

const inputsOf = (
  directory: string,
  build: Build,
  entries: ReadonlyArray<Entry>,
  digests: ReadonlyMap<string, string>
): BuildInputs => {
  const whole: Record<string, string> = { "(build configuration)": digestOf(build.configuration) }
  for (const { link, mode, path, type } of entries) {
    whole[path] = digestOf(type, mode, link, digests.get(`${build.context}/${path}`) ?? "")
  }
  const { context, dockerfile } = build
  // Within the context it is a file like the others, unless the builder does not see it there.
  if (dockerfile !== undefined && whole[posix.relative(context ?? "", dockerfile)] === undefined) {
    whole["(Dockerfile)"] = digests.get(dockerfile) ?? ""
  }
  const sorted = Object.entries(whole).sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    fingerprint: digestOf(JSON.stringify(sorted)),
    context: build.context === undefined ? "" : posix.relative(directory, build.context),
    parts: Object.fromEntries(sorted.map(([name, digest]) => [name, digest.slice(0, 8)]))
  }
}

const folderMissing = (build: Build, context: string): FileMissing =>
  new FileMissing({
    kind: "build",
    path: context,
    message: `the build of ${build.service} needs ${context}, which is no folder`,
    hint: `correct \`build.context\` of ${build.service} in the Compose file, or bring the folder there`
  })

const dockerfileMissing = (build: Build, path: string): FileMissing =>
  new FileMissing({
    kind: "build",
    path,
    message: `the build of ${build.service} needs ${path}, which does not exist`,
    hint: `correct \`build.dockerfile\` of ${build.service} in the Compose file, or create it`
  })

/** What would go into the build of each service. */
export const buildInputs = Effect.fnUntraced(function* (
  probe: Target.ReadOperations,
  directory: string,
  config: Config
): Effect.fn.Return<
  ReadonlyMap<string, BuildInputs>,
  Target.FileError | DockerFailed | ReturnType<typeof engineError> | FileMissing
> {
  const builds = buildsOf(config)
  for (const build of builds) {
    if (build.context !== undefined && (yield* probe.stat(build.context))?.type !== "directory") {
      return yield* folderMissing(build, build.context)
    }
    if (build.dockerfile !== undefined && (yield* probe.stat(build.dockerfile)) === undefined) {
      return yield* dockerfileMissing(build, build.dockerfile)
    }
  }
  const folders = [...new Set(builds.flatMap(({ context }) => (context === undefined ? [] : [context])))]
  const byFolder = folders.length === 0 ? new Map<string, ReadonlyArray<Entry>>() : yield* entriesOf(probe, folders)
  const seen = yield* Effect.forEach(builds, (build) =>
    Effect.map(visible(probe, build, byFolder.get(build.context ?? "") ?? []), (entries) => ({ build, entries }))
  )
  const paths = seen.flatMap(({ build, entries }) => [
    ...(build.dockerfile === undefined ? [] : [build.dockerfile]),
    ...entries.flatMap(({ path, type }) => (type === "f" ? [`${build.context}/${path}`] : []))
  ])
  const digests = yield* digestsOf(probe, [...new Set(paths)])
  return new Map(seen.map(({ build, entries }) => [build.service, inputsOf(directory, build, entries, digests)]))
})
