import { execFileSync, spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { Target } from "@shipshape/core"
import { Django } from "@shipshape/plugin-django"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type { Library } from "./scenario.ts"

const importsDjango = (python: string): boolean =>
  spawnSync(python, ["-c", "import django"], { stdio: "ignore" }).status === 0

/** An interpreter of this machine that has Django. The one on the PATH may be another one than the system's. */
export const python = ["python3", "/usr/bin/python3"].find(importsDjango)

if (python === undefined) {
  const missing = "no python3 of this machine can import django: apt-get install python3-django"
  if (process.env.CI === "true") throw new Error(missing)
  console.warn(`tests of a local Django are skipped, because ${missing}`)
}

const fixture = fileURLToPath(new URL("../fixtures/library", import.meta.url))

/** The library in a folder of its own, as this machine runs it. */
export interface LocalLibrary extends Library {
  readonly directory: string
  /** How many interpreters the probe and the control have started. */
  readonly started: () => number
  readonly manage: (...args: ReadonlyArray<string>) => string
  readonly script: (python: string) => string
  readonly write: (file: string, text: string) => void
  readonly layer: ReturnType<typeof layerOf>
}

const layerOf = (directory: string, env: Readonly<Record<string, string>>, opened: () => void) => {
  const counting = Layer.unwrap(
    Effect.map(Target.Target, (target) =>
      Target.layer({ ...target, open: (command) => Effect.andThen(Effect.sync(opened), target.open(command)) })
    )
  ).pipe(Layer.provide(Target.local()))
  const plugin = Django.local({ directory, python: [python ?? "python3"], env, database: "service:db" })
  return Layer.provideMerge(Result.getOrThrow(plugin.layer(new Map())), counting)
}

/** The rows of all tables, and every file but the database's own. */
const seeScript = `
import json, os, sqlite3
rows = []
if os.path.exists("library.sqlite3"):
    rows = list(sqlite3.connect("file:library.sqlite3?mode=ro", uri=True).iterdump())
files = sorted((os.path.join(d, f), os.path.getsize(os.path.join(d, f))) for d, _, fs in os.walk(".") for f in fs)
print(json.dumps([rows, [f for f in files if "sqlite3" not in f[0]]]))
`

const make = (extra: Readonly<Record<string, string>>): LocalLibrary => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "ss-django-"))
  fs.cpSync(fixture, directory, { recursive: true })
  const env = { LIBRARY_SECRET: "for tests only", ...extra }
  let started = 0
  const run = (args: ReadonlyArray<string>) =>
    execFileSync(python ?? "python3", args, {
      cwd: directory,
      env: { ...process.env, ...env, PYTHONDONTWRITEBYTECODE: "1" },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"]
    })
  const manage = (...args: ReadonlyArray<string>) => run(["manage.py", ...args])
  const shell = (code: string) => Effect.sync(() => void manage("shell", "-c", code))
  const models = "from books.models import Member, Shelf; from django.contrib.auth.models import Group; "
  return {
    directory,
    started: () => started,
    manage,
    script: (code) => run(["-c", code]),
    write: (file, text) => fs.writeFileSync(path.join(directory, file), text),
    layer: layerOf(directory, env, () => started++),
    see: Effect.sync(() => run(["-c", seeScript])),
    damage: {
      unapply: Effect.sync(() => void manage("migrate", "books", "0001")),
      loseStaticFile: Effect.sync(() => fs.rmSync(path.join(directory, "collected/books/site.css"))),
      loseShelf: shell(`${models}Shelf.objects.filter(name="poetry").delete()`),
      loseGroups: shell(`${models}Group.objects.all().delete()`),
      forgetMarks: Effect.sync(() => fs.rmSync(path.join(directory, ".shipshape/django"), { recursive: true })),
      changePassword: (name) =>
        shell(`${models}m = Member.objects.get(username="${name}"); m.set_password("changed by hand"); m.save()`),
      leaveGroups: (name) => shell(`${models}Member.objects.get(username="${name}").groups.clear()`)
    }
  }
}

/** A library that is removed with the scope. */
export const localLibrary = (env: Readonly<Record<string, string>> = {}) =>
  Effect.acquireRelease(
    Effect.sync(() => make(env)),
    ({ directory }) => Effect.sync(() => fs.rmSync(directory, { recursive: true }))
  )
