/** Migrations of an application in memory: what its code has, what its database has, and how they compare. */
import { Target } from "@shipshape/core"
import type { Applied, Reversal } from "../DjangoProbe.ts"
import type { DjangoWorld, Options } from "../testing/DjangoWorld.ts"

/** The migrations that code has. */
export const codeOf = ({ code, migrations }: DjangoWorld, where: "present" | "running"): Applied | undefined =>
  code === undefined ? Object.fromEntries(migrations) : code(where)

export const present = (world: DjangoWorld): Applied => codeOf(world, "present") ?? {}

export const notRunning = ({ running = "service:backend" }: Options): Target.TargetUnavailable =>
  new Target.TargetUnavailable({
    target: "the application",
    resource: running,
    message: "the application does not run",
    hint: "bring it up"
  })

export const pendingOf = (world: DjangoWorld, { losses = {} }: Options, apps: ReadonlyArray<string>) =>
  Object.entries(present(world))
    .filter(([app]) => apps.length === 0 || apps.includes(app))
    .flatMap(([app, names]) => names.map((name) => ({ app, name, losses: losses[`${app}.${name}`] ?? [] })))
    .filter(({ app, name }) => !world.applied.has(`${app}.${name}`))

export const splitName = (migration: string): { readonly app: string; readonly name: string } => {
  const [app = "", ...name] = migration.split(".")
  return { app, name: name.join(".") }
}

/** What is applied, by app. */
export const appliedOf = ({ applied }: DjangoWorld, apps: ReadonlyArray<string>): Applied => {
  const byApp: Record<string, ReadonlyArray<string>> = {}
  for (const { app, name } of [...applied].map(splitName)) {
    if (apps.length === 0 || apps.includes(app)) byApp[app] = [...(byApp[app] ?? []), name]
  }
  return byApp
}

export const namesOf = (applied: Applied): ReadonlyArray<string> =>
  Object.entries(applied).flatMap(([app, names]) => names.map((name) => `${app}.${name}`))

export const reversalOf = (
  world: DjangoWorld,
  options: Options,
  running: Applied,
  now: Applied,
  recorded: Applied
): Reversal => {
  const then = new Set(namesOf(recorded))
  const newer = [...world.applied].filter((name) => namesOf(now).includes(name) && !then.has(name))
  const unknown = newer.filter((name) => !namesOf(running).includes(name))
  const apps = [...new Set(newer.map((name) => splitName(name).app))]
  return {
    newer,
    lacking: [...then].filter((name) => !world.applied.has(name)),
    unknown,
    entangled: [],
    plan:
      unknown.length > 0
        ? []
        : newer.toReversed().map((migration) => ({
            ...splitName(migration),
            irreversible: options.irreversible?.[migration] ?? [],
            losses: options.additions?.[migration] ?? []
          })),
    targets: apps.map((app) => ({ app, name: (now[app] ?? []).findLast((name) => then.has(`${app}.${name}`)) ?? null }))
  }
}
