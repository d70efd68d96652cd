import { Look, type Resource } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { DjangoControl, type WantedUser } from "../DjangoControl.ts"
import * as DjangoError from "../DjangoError.ts"
import { DjangoProbe, type UserState } from "../DjangoProbe.ts"
import type { DjangoWorld, Options, User } from "../testing/DjangoWorld.ts"
import { appliedOf, codeOf, namesOf, notRunning, pendingOf, present, reversalOf, splitName } from "./fakeMigrations.ts"
import { matching, type Row, unknownField } from "./fakeRows.ts"

type World = () => DjangoWorld

/** Fails as the application does where its settings do not load, or its database does not answer. */
const reached = (world: World, needsDatabase: boolean) =>
  Effect.suspend((): Effect.Effect<void, DjangoError.SettingsInvalid | DjangoError.DatabaseUnavailable> => {
    const { databaseUp, settingsError } = world()
    if (settingsError !== undefined) {
      return Effect.fail(new DjangoError.SettingsInvalid({ message: settingsError, hint: "correct the settings" }))
    }
    return !needsDatabase || (typeof databaseUp === "function" ? databaseUp() : databaseUp)
      ? Effect.void
      : Effect.fail(
          new DjangoError.DatabaseUnavailable({
            message: "connection refused",
            hint: "bring the database up",
            retryable: true
          })
        )
  })

const suggestion = (known: Iterable<string>): string => `there are ${[...known].sort().join(", ") || "none"}`

/** Tables are there once an app's first migration is; an app without migrations has them always. */
const tablesOf = (world: DjangoWorld, app: string) => {
  const first = present(world)[app]?.[0]
  return first === undefined || world.applied.has(`${app}.${first}`)
    ? Effect.void
    : Effect.fail(
        new DjangoError.SchemaIncomplete({ message: `no table of ${app} is there`, hint: "apply the migrations first" })
      )
}

const rowsOf = (world: DjangoWorld, model: string): ReadonlyArray<Row> | undefined =>
  model === "auth.Group" ? [...world.groups.keys()].map((name) => ({ name })) : world.models.get(model)

const unknownGroup = ({ groups }: DjangoWorld, names: ReadonlyArray<string>) => {
  const unknown = names.find((name) => !groups.has(name))
  return unknown === undefined
    ? Effect.void
    : Effect.fail(
        new DjangoError.UnknownGroup({ message: `there is no group ${unknown}`, hint: suggestion(groups.keys()) })
      )
}

const existing = ({ users }: DjangoWorld, name: string): Effect.Effect<User, DjangoError.UnknownUser> => {
  const user = users.get(name)
  return user === undefined
    ? Effect.fail(new DjangoError.UnknownUser({ message: `there is no user ${name}`, hint: "create it first" }))
    : Effect.succeed(user)
}

const stateOf = (name: string, user: User, password: Redacted.Redacted<string> | undefined): UserState => ({
  id: name,
  active: user.active,
  staff: user.staff,
  superuser: user.superuser,
  groups: [...user.groups].sort(),
  passwordMatches: password !== undefined && Redacted.value(password) === user.password
})

const observe = (resources: ReadonlyArray<Resource.Resource | undefined>): Effect.Effect<void> =>
  Effect.forEach(resources, (resource) => (resource === undefined ? Effect.void : Look.observe(resource)), {
    discard: true
  })

const probeOf = (options: Options, world: World): DjangoProbe["Service"] => {
  const database = options.database ?? "service:db"
  const looking = (needsDatabase: boolean) =>
    Effect.andThen(observe([options.present, database]), reached(world, needsDatabase))
  return {
    database,
    systemCheck: () => Effect.map(looking(false), () => world().messages),
    migrations: Effect.fnUntraced(function* ({ apps, checkMissing }) {
      yield* looking(true)
      const applied: Record<string, number> = {}
      for (const [app, names] of Object.entries(present(world()))) {
        const count = names.filter((name) => world().applied.has(`${app}.${name}`)).length
        if (count > 0) applied[app] = count
      }
      const missing = checkMissing ? Object.fromEntries(world().missing) : {}
      const code = present(world())
      const unknown = namesOf(appliedOf(world(), apps)).filter((migration) => {
        const { app, name } = splitName(migration)
        return code[app] !== undefined && !code[app].includes(name)
      })
      return { pending: pendingOf(world(), options, apps), applied, unknown, missing }
    }),
    applied: ({ apps }) => Effect.map(reached(world, true), () => appliedOf(world(), apps)),
    reversal: Effect.fnUntraced(function* ({ apps, recorded }) {
      yield* observe([options.running])
      const running = codeOf(world(), "running")
      if (running === undefined) return yield* notRunning(options)
      yield* reached(world, true)
      return reversalOf(world(), options, running, appliedOf(world(), apps), recorded)
    }),
    staticFiles: Effect.map(looking(false), () => {
      const { collected, staticFiles } = world()
      const missing = [...staticFiles].filter((file) => !collected.has(file))
      return { missing, present: staticFiles.size - missing.length }
    }),
    command: Effect.fnUntraced(function* (name) {
      yield* looking(false)
      if (options.commands?.[name] !== undefined) return
      const hint = suggestion(Object.keys(options.commands ?? {}))
      return yield* new DjangoError.UnknownCommand({ message: `manage.py has no command ${name}`, hint })
    }),
    count: Effect.fnUntraced(function* ({ filter, model }) {
      yield* looking(true)
      const rows = rowsOf(world(), model)
      if (rows === undefined) {
        const hint = suggestion(world().models.keys())
        return yield* new DjangoError.UnknownModel({ message: `there is no model ${model}`, hint })
      }
      yield* tablesOf(world(), model.split(".")[0] ?? "")
      const wrong = unknownField(model, rows, filter)
      return wrong === undefined ? matching(rows, filter).length : yield* wrong
    }),
    user: Effect.fnUntraced(function* ({ groups, password, username }) {
      yield* looking(true)
      yield* tablesOf(world(), "auth")
      yield* unknownGroup(world(), groups)
      const user = world().users.get(username)
      return user === undefined ? undefined : stateOf(username, user, password)
    }),
    permission: Effect.fnUntraced(function* ({ permission, user }) {
      yield* looking(true)
      const { active, groups, permissions, superuser } = yield* existing(world(), user)
      const granted = [...permissions, ...groups.flatMap((group) => world().groups.get(group) ?? [])]
      return active && (superuser || granted.includes(permission))
    }),
    call: Effect.fnUntraced(function* ({ args, call, user }) {
      yield* looking(true)
      const called = options.functions?.[call]
      if (called === undefined) {
        const hint = suggestion(Object.keys(options.functions ?? {}))
        return yield* new DjangoError.QueryInvalid({ message: `cannot call ${call}`, hint })
      }
      return called(user === undefined ? undefined : yield* existing(world(), user), args)
    }),
    mark: (name) => Effect.sync(() => world().marks.get(name))
  }
}

const saved = (before: User | undefined, wanted: WantedUser): User => {
  const password = wanted.password === undefined ? "" : Redacted.value(wanted.password)
  const user = before ?? {
    email: wanted.email ?? "",
    password,
    active: true,
    staff: wanted.staff,
    superuser: wanted.superuser,
    groups: [],
    permissions: []
  }
  return {
    ...user,
    password: wanted.syncPassword ? password : user.password,
    groups: wanted.exact ? wanted.groups : [...new Set([...user.groups, ...wanted.groups])]
  }
}

const controlOf = (options: Options, world: World): DjangoControl["Service"] => ({
  migrate: Effect.fnUntraced(function* ({ apps }) {
    yield* reached(world, true)
    for (const { app, name } of pendingOf(world(), options, apps)) {
      const migration = `${app}.${name}`
      if (world().failing === migration) {
        const message = `migration ${migration} failed`
        return yield* new DjangoError.MigrationFailed({ migration, message, hint: "correct it", tail: [message] })
      }
      world().applied.add(migration)
      world().writes.push(`apply ${migration}`)
    }
  }),
  unapply: Effect.fnUntraced(function* ({ targets }) {
    const running = codeOf(world(), "running")
    if (running === undefined) return yield* notRunning(options)
    yield* reached(world, true)
    for (const { app, name } of targets) {
      const names = running[app] ?? []
      for (const one of names.slice(name === null ? 0 : names.indexOf(name) + 1).toReversed()) {
        const migration = `${app}.${one}`
        if (!world().applied.delete(migration)) continue
        world().writes.push(`unapply ${migration}`)
      }
    }
  }),
  collectStatic: Effect.map(reached(world, false), () => {
    for (const file of world().staticFiles) world().collected.add(file)
    world().writes.push("run collectstatic")
  }),
  command: Effect.fnUntraced(function* ({ command, ...called }) {
    yield* reached(world, true)
    const failure = options.commands?.[command]?.(world(), called)
    world().writes.push(`run ${[command, ...called.args].join(" ")}`)
    if (!(failure instanceof Error)) return
    return yield* new DjangoError.ManagementCommandFailed({
      exitCode: 1,
      message: `manage.py ${command} ended with exit code 1: ${failure.message}`,
      hint: "correct what it names",
      retryable: true,
      tail: [failure.message]
    })
  }),
  saveUser: Effect.fnUntraced(function* (wanted) {
    yield* reached(world, true)
    yield* unknownGroup(world(), wanted.groups)
    const { users, writes } = world()
    users.set(wanted.username, saved(users.get(wanted.username), wanted))
    writes.push(`save user ${wanted.username}`)
  }),
  setMark: (name, text) =>
    Effect.sync(() => {
      world().marks.set(name, text)
      world().writes.push(`mark ${name}`)
    })
})

/** The probe and the control of a world. */
export const layerOf = (options: Options, world: World): Layer.Layer<DjangoProbe | DjangoControl> =>
  Layer.mergeAll(
    Layer.succeed(DjangoProbe, probeOf(options, world)),
    Layer.succeed(DjangoControl, controlOf(options, world))
  )
