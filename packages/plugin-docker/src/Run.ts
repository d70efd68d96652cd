/**
 * Commands in containers: in one of their own, or in the running one of a service.
 *
 * @since 0.1.0
 */
import { Check, Step } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { ComposeControl } from "./ComposeControl.ts"
import { ComposeProbe } from "./ComposeProbe.ts"
import { Flag, Words } from "./internal/fields.ts"
import { servicesOf } from "./internal/names.ts"
import * as resources from "./internal/resources.ts"

/**
 * How it is known that a command has done its work.
 *
 * @since 0.1.0
 */
export type Done = typeof Done.Type

/**
 * The schema of {@link Done}. Either a command that answers with exit code 0 once the work is done, asked in the running
 * container of `service` (by default the step's own) and declared by its author to change nothing (`readOnly: true`);
 * or `"everyRun"`: nobody can know, and the command runs once in every apply.
 *
 * @example
 * ```ts
 * import { Done } from "@shipshape/plugin-docker"
 * import assert from "node:assert"
 * import * as Schema from "effect/Schema"
 *
 * const done = Schema.decodeUnknownSync(Done)({ check: ["test", "-e", "/data/imported"], readOnly: true })
 * assert.notEqual(done, "everyRun")
 * ```
 *
 * @since 0.1.0
 */
export const Done = Schema.Union([
  Schema.Literal("everyRun"),
  Schema.Struct({
    check: Words,
    readOnly: Schema.Literal(true),
    service: Schema.optionalKey(Schema.NonEmptyString)
  })
])

const fields = {
  service: Schema.NonEmptyString,
  command: Words,
  done: Done,
  env: Schema.optionalKey(Schema.Record(Schema.String, Schema.Union([Schema.String, Schema.Redacted(Schema.String)]))),
  user: Schema.optionalKey(Schema.NonEmptyString)
}

type Input = Schema.Struct.Type<typeof fields>

const look = Effect.fnUntraced(function* (input: Input) {
  const probe = yield* ComposeProbe
  const project = yield* probe.project
  const asked = input.done === "everyRun" ? [] : [input.done.service ?? input.service]
  yield* servicesOf(project, [input.service, ...asked])
  const changes = [{ summary: `run \`${input.command.join(" ")}\` in ${input.service}` }]
  if (input.done === "everyRun") return Check.everyRun(changes, {})
  const isDone = yield* probe.test(input.done.service ?? input.service, input.done.check, { user: input.user })
  return isDone ? Check.satisfied({}) : Check.needed(changes)
})

const observed = ({ done, service }: Input) =>
  done === "everyRun"
    ? [resources.configuration]
    : [resources.configuration, resources.service(done.service ?? service)]

/**
 * A command has run in a container of its own, made for it of the service's configuration and removed afterwards.
 *
 * `done` says how that is known. `env` reaches the command without standing in any process' arguments;
 * `withDependencies` starts the services that this one depends on first.
 *
 * @example
 * ```ts
 * import { Compose } from "@shipshape/plugin-docker"
 * import assert from "node:assert"
 *
 * const seed = Compose.run("seed", {
 *   service: "backend",
 *   command: ["python", "seed.py"],
 *   done: { check: ["test", "-e", "/app/storage/.seeded"], readOnly: true }
 * })
 * assert.equal(seed.type, "docker.run")
 * ```
 *
 * @since 0.1.0
 */
export const run = Step.make("docker.run", {
  description: "A command has run in a container of its own",
  risk: "reversible",
  alters: "data",
  input: { ...fields, withDependencies: Flag },
  output: {},
  observes: observed,
  check: Effect.fn("docker.run.check")(function* (input) {
    const probe = yield* ComposeProbe
    const [service] = yield* servicesOf(yield* probe.project, [input.service])
    if (service?.buildable === true && !(yield* probe.images).has(service.image)) {
      return Check.unavailable(
        [resources.image(input.service)],
        `${input.service} has no image yet`,
        "build it with a Compose.build step before this one"
      )
    }
    return yield* look(input)
  }),
  apply: Effect.fn("docker.run.apply")(function* ({ command, env = {}, service, user, withDependencies }) {
    yield* (yield* ComposeControl).run({ command, env, service, user, withDependencies })
  })
})

/**
 * A command has run in the running container of a service.
 *
 * `done` says how that is known. `env` reaches the command without standing in any process' arguments.
 *
 * @example
 * ```ts
 * import { Compose } from "@shipshape/plugin-docker"
 * import assert from "node:assert"
 *
 * const reload = Compose.exec("reload", {
 *   service: "frontend",
 *   command: ["nginx", "-s", "reload"],
 *   done: "everyRun"
 * })
 * assert.equal(reload.type, "docker.exec")
 * ```
 *
 * @since 0.1.0
 */
export const exec = Step.make("docker.exec", {
  description: "A command has run in the running container of a service",
  risk: "reversible",
  alters: "data",
  input: fields,
  output: {},
  observes: observed,
  check: Effect.fn("docker.exec.check")(function* (input) {
    return yield* look(input)
  }),
  apply: Effect.fn("docker.exec.apply")(function* ({ command, env = {}, service, user }) {
    yield* (yield* ComposeControl).exec({ command, env, service, user })
  })
})
