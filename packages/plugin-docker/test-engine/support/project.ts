import { execFile } from "node:child_process"
import { randomUUID } from "node:crypto"
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import { assert } from "@effect/vitest"
import { type Command, Target } from "@shipshape/core"
import { Compose } from "@shipshape/plugin-docker"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"

const execute = promisify(execFile)

/** Runs a program as a person would, beside the code that is tested. */
export const shell = (program: string, args: ReadonlyArray<string>, cwd?: string) =>
  Effect.promise(async () => (await execute(program, [...args], { cwd, maxBuffer: 64 * 1024 * 1024 })).stdout.trim())

export interface TestProject {
  readonly name: string
  readonly directory: string
  readonly write: (path: string, text: string) => Effect.Effect<void>
  readonly docker: (...args: ReadonlyArray<string>) => Effect.Effect<string>
  readonly compose: (...args: ReadonlyArray<string>) => Effect.Effect<string>
  /** The commands that the plugin has run on this machine. */
  readonly commands: Array<Command.Command>
  readonly layer: ReturnType<typeof layerOf>
}

/** This machine, with a note of each command. */
const noting = (commands: Array<Command.Command>, directory: string) =>
  Layer.unwrap(
    Effect.map(Target.Target, (machine) =>
      Target.layer({
        ...machine,
        run: (command) =>
          Effect.suspend(() => {
            commands.push(command)
            return machine.run(command)
          })
      })
    )
  ).pipe(Layer.provide(Target.local({ directory })))

const layerOf = (
  options: Parameters<typeof Compose.project>[0] & { readonly directory: string },
  commands: Array<Command.Command>
) =>
  Layer.provideMerge(Result.getOrThrow(Compose.project(options).layer(new Map())), noting(commands, options.directory))

/** A Compose project of its own in a folder of its own; all of it is gone at the end of the scope. */
export const makeProject = (
  files: Readonly<Record<string, string>>,
  options: Omit<Parameters<typeof Compose.project>[0], "directory" | "project"> = {}
) =>
  Effect.acquireRelease(
    Effect.promise(async (): Promise<TestProject> => {
      const name = `ss-docker-${randomUUID().slice(0, 8)}`
      const directory = await realpath(await mkdtemp(join(tmpdir(), `${name}-`)))
      const write = async (path: string, text: string) => {
        await mkdir(dirname(join(directory, path)), { recursive: true })
        await writeFile(join(directory, path), text)
      }
      for (const [path, text] of Object.entries(files)) await write(path, text.replaceAll("{{project}}", name))
      const commands: Array<Command.Command> = []
      return {
        name,
        directory,
        commands,
        write: (path, text) => Effect.promise(() => write(path, text)),
        docker: (...args) => shell("docker", args),
        compose: (...args) => shell("docker", ["compose", "--project-name", name, ...args], directory),
        layer: layerOf({ ...options, directory, project: name }, commands)
      }
    }),
    ({ directory, name }) =>
      Effect.promise(async () => {
        const quiet = (...args: ReadonlyArray<string>) =>
          execute("docker", [...args]).then(
            ({ stdout }) => stdout.trim(),
            () => ""
          )
        const label = `label=com.docker.compose.project=${name}`
        const lines = (text: string) => text.split("\n").filter((line) => line !== "")
        const containers = lines(await quiet("ps", "--all", "--quiet", "--filter", label))
        if (containers.length > 0) await quiet("rm", "--force", ...containers)
        const volumes = lines(await quiet("volume", "ls", "--quiet", "--filter", label))
        if (volumes.length > 0) await quiet("volume", "rm", ...volumes)
        const networks = lines(await quiet("network", "ls", "--quiet", "--filter", label))
        if (networks.length > 0) await quiet("network", "rm", ...networks)
        // By name where it has one: an image may have other names too, which are not this project's to remove.
        const named = lines(
          await quiet("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "--filter", `reference=${name}-*`)
        )
        if (named.length > 0) await quiet("rmi", ...named)
        const kept = lines(
          await quiet(
            "image",
            "ls",
            "--format",
            "{{.Repository}}:{{.Tag}}",
            "--filter",
            `reference=shipshape/${name}-*`
          )
        )
        if (kept.length > 0) await quiet("rmi", ...kept)
        const nameless = lines(await quiet("image", "ls", "--quiet", "--filter", "dangling=true", "--filter", label))
        if (nameless.length > 0) await quiet("rmi", ...nameless)
        await rm(directory, { recursive: true, force: true })
      })
  )

/** A port that nothing listens on now. */
export const freePort = Effect.promise(
  () =>
    new Promise<number>((resolve, reject) => {
      const server = createServer()
      server.once("error", reject)
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        assert(address !== null && typeof address === "object")
        server.close(() => resolve(address.port))
      })
    })
)
