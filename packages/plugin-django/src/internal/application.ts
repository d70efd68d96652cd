/** Where an application runs, and the probe and the control that work on it there. */
import { Command, Look, type Resource, Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { DjangoControl } from "../DjangoControl.ts"
import { type DjangoProbe, MigrationState, Reversal, StaticState, SystemMessage, UserState } from "../DjangoProbe.ts"
import { commandFailed, migrationFailed } from "./commandFailure.ts"
import { readingScript } from "./python/reading.ts"
import { writingScript } from "./python/writing.ts"
import * as session from "./session.ts"

/** An application and its surroundings. */
export interface Application {
  readonly operations: Target.Operations
  /** Where the code runs that serves users: it may be newer than that of `operations`. */
  readonly running: Target.Operations
  readonly python: readonly [string, ...ReadonlyArray<string>]
  readonly manage: string
  readonly directory: string | undefined
  readonly env: Readonly<Record<string, string | Redacted.Redacted<string>>>
  readonly database: Resource.Resource | undefined
  /** Succeeds when an interpreter may start: fails with what must be up before. */
  readonly ready: Effect.Effect<unknown, Target.FileError>
  /** What interpreters started now would run. */
  readonly revision: Effect.Effect<string, Target.RunError | Target.FileError>
  /** Where marks are kept: on the host, since a container's files go with it. */
  readonly host: Target.Operations
  readonly marks: string
}

const command = (app: Application, args: ReadonlyArray<string>, options: Pick<Command.Command, "env"> = {}) => {
  const [program, ...before] = app.python
  return Command.make(program, [...before, ...args], {
    env: { ...app.env, ...options.env },
    ...(app.directory === undefined ? {} : { cwd: app.directory })
  })
}

const decoded = <S extends Schema.Codec<unknown, unknown>>(schema: S) => {
  const decode = Schema.decodeUnknownEffect(schema)
  // The answers are the script's own: one that does not fit is a defect of this plugin.
  return <E>(answer: Effect.Effect<unknown, E>): Effect.Effect<S["Type"], E> =>
    Effect.flatMap(answer, (value) => Effect.orDie(decode(value)))
}

const AppliedNames = Schema.Record(Schema.String, Schema.Array(Schema.String))

const MaybeUser = Schema.Union([
  Schema.Struct({ exists: Schema.Literal(false) }),
  Schema.Struct({ exists: Schema.Literal(true), ...UserState.fields })
])

const reveal = (secret: Redacted.Redacted<string> | undefined): string | undefined =>
  secret === undefined ? undefined : Redacted.value(secret)

const observe = (resources: ReadonlyArray<Resource.Resource | undefined>): Effect.Effect<void> =>
  Effect.forEach(resources, (resource) => (resource === undefined ? Effect.void : Look.observe(resource)), {
    discard: true
  })

/** An interpreter that only reads, in one of the application's places. */
const reader = (app: Application, place: Target.Operations) =>
  Effect.gen(function* () {
    const start = command(app, ["-c", readingScript, app.manage])
    const allowed: Command.Allowed = [[start.program, ...start.args]]
    const reads = Target.readOnly(place)
    const { ask } = yield* session.make<Target.RunError | Target.FileError | Target.CommandNotAllowed>({
      name: place.name,
      open:
        place === app.operations ? Effect.andThen(app.ready, reads.open(allowed, start)) : reads.open(allowed, start),
      reach: place.stat("/"),
      revision: place === app.operations ? app.revision : Effect.succeed("")
    })
    // Equal questions of one look are asked once; the text lives no longer than the look.
    return Look.shared((request: string) => ask(JSON.parse(request)))
  })

/** The probe: one interpreter that only reads, and one in the code that runs where that is elsewhere. */
export const probe = (app: Application): Effect.Effect<DjangoProbe["Service"], never, Scope.Scope> =>
  Effect.gen(function* () {
    const present = yield* reader(app, app.operations)
    const running = app.running === app.operations ? present : yield* reader(app, app.running)
    // What every question looks through: the code where it runs, and the database.
    const question = (request: session.Request) =>
      Effect.andThen(observe([app.operations.resource, app.database]), present(JSON.stringify(request)))
    const host = Target.readOnly(app.host)
    return {
      database: app.database,
      systemCheck: (about) => decoded(Schema.Array(SystemMessage))(question({ op: "checks", ...about })),
      migrations: (about) => decoded(MigrationState)(question({ op: "migrations", ...about })),
      // The way back says itself when the database is what it depends on.
      applied: (about) => decoded(AppliedNames)(present(JSON.stringify({ op: "applied", ...about }))),
      reversal: (about) =>
        decoded(Reversal)(
          Effect.andThen(observe([app.running.resource]), running(JSON.stringify({ op: "reversal", ...about })))
        ),
      staticFiles: decoded(StaticState)(question({ op: "static" })),
      command: (name) => Effect.asVoid(question({ op: "command", command: name })),
      count: (about) => decoded(Schema.Number)(question({ op: "count", ...about })),
      user: (about) =>
        decoded(MaybeUser)(question({ op: "user", ...about, password: reveal(about.password) })).pipe(
          Effect.map((found) => (found.exists ? found : undefined))
        ),
      permission: (about) => decoded(Schema.Boolean)(question({ op: "permission", ...about })),
      call: (about) => decoded(Schema.Json)(question({ op: "call", ...about })),
      mark: Effect.fnUntraced(function* (name: string) {
        const path = `${app.marks}/${name}`
        return (yield* host.stat(path)) === undefined ? undefined : new TextDecoder().decode(yield* host.readFile(path))
      })
    }
  })

/** The control: commands of `manage.py`, and an interpreter for what has no command that takes secrets by its input. */
export const control = (app: Application): Effect.Effect<DjangoControl["Service"], never, Scope.Scope> =>
  Effect.gen(function* () {
    const { ask } = yield* session.make<Target.RunError | Target.FileError>({
      name: app.operations.name,
      open: Effect.andThen(app.ready, app.operations.open(command(app, ["-c", writingScript, app.manage]))),
      reach: app.operations.stat("/"),
      revision: app.revision
    })
    const manage = (args: ReadonlyArray<string>, env: Command.Command["env"] = {}) =>
      app.operations.run(command(app, [app.manage, ...args], { env }))
    const migrating = ["--noinput", "--no-color"]
    return {
      migrate: ({ apps, database }) =>
        Effect.forEach(
          apps.length === 0 ? [[]] : apps.map((name) => [name]),
          (only) => manage(["migrate", ...only, ...migrating, "--database", database]),
          { discard: true }
        ).pipe(Effect.catchTag("CommandFailed", (error) => Effect.fail(migrationFailed(error)))),
      unapply: ({ database, targets }) =>
        Effect.forEach(
          targets,
          ({ app: label, name }) =>
            app.running.run(
              command(app, [app.manage, "migrate", label, name ?? "zero", ...migrating, "--database", database])
            ),
          { discard: true }
        ).pipe(Effect.catchTag("CommandFailed", (error) => Effect.fail(migrationFailed(error)))),
      collectStatic: manage(["collectstatic", "--noinput", "--no-color"]).pipe(
        Effect.catchTag("CommandFailed", (error) => Effect.fail(commandFailed("collectstatic", error))),
        Effect.asVoid
      ),
      command: ({ args, command, env }) =>
        manage([command, ...args], env).pipe(
          Effect.catchTag("CommandFailed", (error) => Effect.fail(commandFailed(command, error))),
          Effect.asVoid
        ),
      saveUser: (wanted) => Effect.asVoid(ask({ op: "save_user", ...wanted, password: reveal(wanted.password) })),
      setMark: (name, text) =>
        Effect.andThen(app.host.makeDirectory(app.marks), app.host.writeFile(`${app.marks}/${name}`, text))
    }
  })
