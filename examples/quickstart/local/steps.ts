/** Steps of our own: each says how to look and how to converge; the engine does the rest. */
import { Check, Step, Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { MachineControl, MachineProbe } from "./Machine.ts"

const Port = Schema.Int.check(Schema.isBetween({ minimum: 1024, maximum: 65_535 }))

export const postgres = Step.make("local.postgres", {
  description: "A PostgreSQL server runs on this machine",
  risk: "additive",
  input: { port: Port, password: Schema.Redacted(Schema.NonEmptyString) },
  output: { port: Port },
  // What the steps of the postgres plugin wait for: until it is there, a plan says “known after”.
  provides: () => ["postgres:server"],
  check: Effect.fn("local.postgres.check")(function* ({ port }) {
    const state = yield* (yield* MachineProbe).server(port)
    if (state === "running") return Check.satisfied({ port })
    const start = { summary: `start the server on port ${port}` }
    return Check.needed(state === "absent" ? [{ summary: "create a cluster" }, start] : [start])
  }),
  apply: Effect.fn("local.postgres.apply")(function* ({ password, port }) {
    yield* (yield* MachineControl).startServer(port, password)
  })
})

export const service = Step.make("local.service", {
  description: "A program runs in the background, with its present code and settings",
  risk: "reversible",
  input: {
    name: Schema.NonEmptyString,
    file: Schema.NonEmptyString,
    port: Port,
    env: Schema.Record(Schema.String, Schema.Union([Schema.String, Schema.Redacted(Schema.String)]))
  },
  output: { url: Schema.String, port: Port },
  provides: ({ name }) => [`service:${name}`],
  touches: ({ name }) => [`service:${name}`],
  check: Effect.fn("local.service.check")(function* (program) {
    const { name, port } = program
    switch (yield* (yield* MachineProbe).program(program)) {
      case "running":
        return Check.satisfied({ url: `http://127.0.0.1:${port}`, port })
      case "outdated":
        return Check.needed([{ summary: `restart ${name}: its code or settings have changed` }])
      case "stopped":
        return Check.needed([{ summary: `start ${name} on port ${port}` }], { touches: [] })
    }
  }),
  apply: Effect.fn("local.service.apply")(function* (program) {
    yield* (yield* MachineControl).startProgram(program)
  })
})

const octal = (mode: number): string => mode.toString(8).padStart(3, "0")

/** Files go through the target, so that the same step works on a host or in a container. */
export const directory = Step.make("local.directory", {
  description: "A directory exists with its owner and mode",
  risk: "reversible",
  input: {
    path: Schema.NonEmptyString,
    mode: Schema.Int,
    /** The default is whoever deploys. */
    owner: Schema.Int.pipe(Schema.withDecodingDefaultKey(Effect.sync(() => process.getuid?.() ?? 0)))
  },
  output: { path: Schema.String },
  check: Effect.fn("local.directory.check")(function* ({ mode, owner, path }) {
    const found = yield* (yield* Target.TargetProbe).stat(path)
    if (found === undefined) return Check.needed([{ summary: `create it with mode ${octal(mode)}` }])
    const changes = [
      ...(found.uid === owner ? [] : [{ summary: "owner", before: `${found.uid}`, after: `${owner}` }]),
      ...(found.mode === mode ? [] : [{ summary: "mode", before: octal(found.mode), after: octal(mode) }])
    ]
    return changes.length === 0 ? Check.satisfied({ path }) : Check.needed(changes)
  }),
  apply: Effect.fn("local.directory.apply")(function* ({ mode, owner, path }) {
    yield* (yield* Target.Target).makeDirectory(path, { uid: owner, mode })
  })
})
