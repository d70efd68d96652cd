/**
 * Env files: what Compose and the services read their settings and secrets from.
 *
 * @since 0.1.0
 */

import { randomBytes } from "node:crypto"
import { Check, Dotenv, Release, Step, Target, Undo } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { ComposeProbe } from "./ComposeProbe.ts"
import { EnvFileIncomplete, NotSupported } from "./DockerError.ts"
import { pathIn } from "./internal/cli.ts"
import { replace } from "./internal/envFacts.ts"
import { read, registerSecrets, unlessDenied } from "./internal/envReading.ts"
import { back, forget, keep, Recorded, record } from "./internal/envRelease.ts"
import { setKey } from "./internal/envText.ts"
import { Captured, capture, restore } from "./internal/envUndo.ts"
import { Id, SecretMode } from "./internal/fields.ts"
import { ownershipChanges } from "./internal/ownership.ts"
import * as resources from "./internal/resources.ts"

const Key = Schema.String.check(Schema.isPattern(/^[A-Za-z_][A-Za-z0-9_]*$/))
const Keys = Schema.Array(Key).pipe(Schema.withDecodingDefaultKey(Effect.succeed([])))
const Values = Schema.Record(Key, Schema.Union([Schema.String, Schema.Redacted(Schema.String)])).pipe(
  Schema.withDecodingDefaultKey(Effect.succeed({}))
)

const fields = {
  path: Schema.NonEmptyString,
  owner: Schema.optionalKey(Id),
  group: Schema.optionalKey(Id),
  mode: SecretMode.pipe(Schema.withDecodingDefaultKey(Effect.succeed(0o640))),
  requires: Keys,
  values: Values,
  defaults: Values,
  generate: Keys
}

type Input = Schema.Struct.Type<typeof fields>

/** 48 random bytes, which base64 writes in 64 letters that need no quotes. */
const generated = (): string => randomBytes(48).toString("base64url")

const reveal = (value: string | Redacted.Redacted<string>): string =>
  Redacted.isRedacted(value) ? Redacted.value(value) : value

/** What the step does to one key. */
interface KeyChange {
  readonly key: string
  readonly summary: string
  readonly value: () => string
}

const keyChanges = (input: Input, present: Readonly<Record<string, string>>): ReadonlyArray<KeyChange> => [
  ...Object.entries(input.values).flatMap(([key, wanted]): ReadonlyArray<KeyChange> => {
    const value = reveal(wanted)
    if (present[key] === value) return []
    const summary = present[key] === undefined ? `set ${key}` : `change ${key}: its value is another one`
    return [{ key, summary, value: () => value }]
  }),
  ...Object.entries(input.defaults).flatMap(
    ([key, wanted]): ReadonlyArray<KeyChange> =>
      isSet(present, key) ? [] : [{ key, summary: `set ${key}`, value: () => reveal(wanted) }]
  ),
  ...input.generate.flatMap(
    (key): ReadonlyArray<KeyChange> =>
      isSet(present, key) ? [] : [{ key, summary: `generate ${key}`, value: generated }]
  )
]

const isSet = (present: Readonly<Record<string, string>>, key: string): boolean => (present[key] ?? "") !== ""

const incomplete = (input: Input, path: string, exists: boolean, keys: ReadonlyArray<string>): EnvFileIncomplete =>
  new EnvFileIncomplete({
    path,
    keys,
    message: exists
      ? `${input.path} lacks ${keys.join(", ")}`
      : `${input.path} does not exist${keys.length === 0 ? "" : `; it has to hold ${keys.join(", ")}`}`,
    hint: `add ${keys.length === 0 ? "it" : keys.map((key) => `${key}=…`).join(" and ")}${
      exists ? ` to ${path}` : ` as ${path}`
    }, or give EnvFile.present the \`values\`, \`defaults\` or \`generate\` to write it`
  })

/** What nobody can write: the step has no value for it, and the file has none either. */
const unknownKeys = (input: Input, present: Readonly<Record<string, string>>): ReadonlyArray<string> => {
  const known = new Set([...Object.keys(input.values), ...Object.keys(input.defaults), ...input.generate])
  return input.requires.filter((key) => !isSet(present, key) && !known.has(key))
}

/** The text and the keys of the file; none of both where this user may not read it, while its owner is not the right one. */
const readIfAllowed = (input: Input, path: string, wrongOwnership: boolean) => {
  const reading = read(path, input.path, input.generate)
  return wrongOwnership ? unlessDenied(reading) : reading
}

const ownershipOf = ({ group, mode, owner }: Input) => ({ uid: owner, gid: group, mode })

const presence = Step.make("docker.envFile", {
  description: "An env file is there, with its owner, mode and keys",
  risk: "reversible",
  alters: "none",
  input: fields,
  output: { path: Schema.String },
  provides: ({ path }) => [resources.file(path)],
  observes: ({ path }) => [resources.file(path)],
  touches: ({ path }) => [resources.file(path), resources.configuration],
  check: Effect.fn("docker.envFile.check")(function* (input) {
    const path = pathIn((yield* ComposeProbe).directory, input.path)
    const stat = yield* (yield* Target.TargetProbe).stat(path)
    const writes = Object.keys(input.values).length + Object.keys(input.defaults).length + input.generate.length > 0
    if (stat === undefined) {
      const unknown = unknownKeys(input, {})
      if (unknown.length > 0 || !writes) return yield* incomplete(input, path, false, unknown)
      const keys = keyChanges(input, {}).map(({ summary }) => ({ summary }))
      return Check.needed([{ summary: `create ${input.path}` }, ...keys])
    }
    const ownership = ownershipChanges(input.path, stat, ownershipOf(input))
    const found = yield* readIfAllowed(input, path, ownership.length > 0)
    const content = found === undefined ? [] : keyChanges(input, found.present)
    const unknown = found === undefined ? [] : unknownKeys(input, found.present)
    if (unknown.length > 0) return yield* incomplete(input, path, true, unknown)
    if (ownership.length + content.length === 0) return Check.satisfied({ path })
    // Owner and mode alone change nothing that Compose could read before.
    const touches =
      found !== undefined && content.length === 0
        ? [resources.file(input.path)]
        : [resources.file(input.path), resources.configuration]
    const keys = content.map(({ summary }) => ({ summary: `${summary} in ${input.path}` }))
    return Check.needed([...ownership, ...keys], { touches })
  }),
  apply: Effect.fn("docker.envFile.apply")(function* (input) {
    const target = yield* Target.Target
    const path = pathIn((yield* ComposeProbe).directory, input.path)
    const stat = yield* target.stat(path)
    const ownership = ownershipOf(input)
    if (stat !== undefined && ownershipChanges(input.path, stat, ownership).length > 0) {
      yield* target.setOwnership(path, ownership)
    }
    const found = stat === undefined ? { text: "", present: {} } : yield* read(path, input.path, input.generate)
    const unknown = unknownKeys(input, found.present)
    if (unknown.length > 0) return yield* incomplete(input, path, stat !== undefined, unknown)
    const changes = keyChanges(input, found.present).map(({ key, value }) => [key, value()] as const)
    if (stat !== undefined && changes.length === 0) return
    yield* registerSecrets(Object.fromEntries(changes), input.generate)
    const text = changes.reduce((before, [key, value]) => setKey(before, key, value), found.text)
    yield* verify(input, text, changes)
    yield* replace(path, text, ownership)
  })
})

/** What is written is read back before it replaces anything. */
const verify = Effect.fnUntraced(function* (
  input: Input,
  text: string,
  changes: ReadonlyArray<readonly [string, string]>
) {
  const parsed = Dotenv.parse(text, input.path)
  const wrong = changes.find(([key, value]) => Result.isFailure(parsed) || parsed.success[key] !== value)
  if (wrong === undefined) return
  return yield* new NotSupported({
    name: wrong[0],
    message: `the value of ${wrong[0]} cannot be written to an env file so that it is read back as it is`,
    hint: "leave out control characters, or encode the value, as in base64"
  })
})

const undoable = Undo.of(presence, { captured: Captured, capture, restore })

/**
 * An env file is there, belongs to whom it should, and holds the keys that are needed. Paths start at the project's
 * folder. Values never stand in a plan, a log or an error.
 *
 * - `requires`: keys that must not be empty. One that the file lacks and the step has no value for blocks the plan.
 * - `values`: keys that must have these values: plain ones, or secrets from the deployment's inputs.
 * - `defaults`: values for keys that are missing or empty; one that is there stays.
 * - `generate`: keys that get 64 random letters where they are missing or empty, and keep them ever after.
 *
 * Other lines and comments stay as they are. What the file held before each change stays in `.shipshape/kept/.undo`, for
 * the ten last changes, so that a run can be undone.
 *
 * A release records owner, mode and a digest of the content, and keeps a copy in
 * `.shipshape/kept/<deployment>/<environment>/<release>/`: it holds the same secrets, and only its owner may read it. Going
 * back writes that copy, whatever `values` say; the plan names the keys that change.
 *
 * `mode` (the default is `0o640`) may give other users nothing.
 *
 * @example
 * ```ts
 * import { EnvFile } from "@shipshape/plugin-docker"
 * import assert from "node:assert"
 * import * as Redacted from "effect/Redacted"
 *
 * const env = EnvFile.present("env-file", {
 *   path: ".env",
 *   owner: 1000,
 *   mode: 0o640,
 *   requires: ["SECRET_KEY", "DATABASE_URL"],
 *   values: { DB_PASSWORD: Redacted.make("s3cret") },
 *   generate: ["SECRET_KEY"]
 * })
 * assert.equal(env.type, "docker.envFile")
 * ```
 *
 * @since 0.1.0
 */
export const present = Release.of(undoable, {
  part: Recorded,
  record,
  keep,
  forget,
  back
})
