/**
 * The journal: the append-only record of a run, one JSON object a line. What started stands there before it starts, how
 * it ended as soon as it has. History, resume, undo and rollback read it; no check ever does.
 *
 * A journal is forward-readable: records and fields that a later version has added are skipped by an earlier one.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { Actor, Revision } from "./Actor.ts"
import { BackupProof } from "./BackupProof.ts"
import { Change } from "./Check.ts"
import { Counts, RunOutcome } from "./Event.ts"
import * as Failure from "./Failure.ts"
import { formatIssue } from "./internal/issue.ts"
import { Mode } from "./Lock.ts"
import { Plan } from "./Plan.ts"
import { Risk } from "./Risk.ts"

const at = { /** Milliseconds since 1970. */ at: Schema.Number }
const attempt = {
  step: Schema.String,
  /** 1 for the first. */
  attempt: Schema.Int,
  /** The run's number: who holds the lock later has a greater one. */
  fence: Schema.Int
}

/**
 * A record of the journal.
 *
 * @example
 * ```ts
 * import { Journal } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * const line = Journal.encode({
 *   _tag: "AttemptEnded", at: 0, step: "migrate", attempt: 1, fence: 42, outcome: "applied", durationMs: 1200
 * })
 * assert.deepEqual(Journal.decode(line).records.map((record) => record._tag), ["AttemptEnded"])
 * ```
 *
 * @since 0.1.0
 */
export const Record = Schema.TaggedUnion({
  /** The header: the first line of every journal. */
  RunBegan: {
    ...at,
    format: Schema.Literal("shipshape-journal"),
    /** Raised when earlier versions could no longer read what matters. */
    v: Schema.Int,
    run: Schema.Int,
    deployment: Schema.String,
    environment: Schema.String,
    data: Plan.fields.data,
    strategy: Plan.fields.strategy,
    mode: Mode,
    who: Actor,
    revision: Schema.optionalKey(Revision),
    /** Versions of Shipshape and of the plugins, by name. */
    versions: Schema.Record(Schema.String, Schema.String),
    /** The first run of those that were interrupted and that this one goes on with. */
    continues: Schema.optionalKey(Schema.Int),
    /** The release that a rollback goes back to. */
    backTo: Schema.optionalKey(Schema.Int),
    /** What a rollback may do beside: whoever goes on with it may do the same. */
    allowed: Schema.optionalKey(Schema.Struct({ schema: Schema.Boolean, data: Schema.Boolean })),
    only: Schema.optionalKey(Schema.Array(Schema.String)),
    skip: Schema.optionalKey(Schema.Array(Schema.String))
  },
  /** The plan that is applied. */
  Planned: {
    ...at,
    plan: Plan,
    /** What says whether a later run is of the same deployment: inputs as text, and a digest for each step. */
    definition: Schema.Struct({
      inputs: Schema.Record(Schema.String, Schema.String),
      steps: Schema.Record(Schema.String, Schema.String)
    })
  },
  /** An attempt is about to begin. */
  AttemptBegan: {
    ...at,
    ...attempt,
    type: Schema.String,
    /** The idempotency key. */
    key: Schema.String,
    risk: Risk,
    changes: Schema.Array(Change),
    /** What undo needs; left out where the step has none, or where it would hold a secret. */
    captured: Schema.optionalKey(Schema.Json)
  },
  AttemptEnded: {
    ...at,
    ...attempt,
    outcome: Schema.Literals(["applied", "failed", "interrupted"]),
    durationMs: Schema.Number,
    failure: Schema.optionalKey(Failure.Report),
    /** What the step has proved, where it is a backup. */
    proof: Schema.optionalKey(BackupProof)
  },
  UndoBegan: { ...at, step: Schema.String, fence: Schema.Int },
  UndoEnded: {
    ...at,
    step: Schema.String,
    fence: Schema.Int,
    outcome: Schema.Literals(["undone", "failed"]),
    durationMs: Schema.Number,
    failure: Schema.optionalKey(Failure.Report)
  },
  /** Somebody has broken the lock of this run. */
  RunUnlocked: { ...at, who: Actor, reason: Schema.String },
  /** The last record of a run that came to its end. */
  RunEnded: {
    ...at,
    outcome: RunOutcome,
    counts: Counts,
    durationMs: Schema.Number,
    /** The step that ended it. */
    step: Schema.optionalKey(Schema.String),
    failure: Schema.optionalKey(Failure.Report),
    /** The release that it left. */
    release: Schema.optionalKey(Schema.Int)
  }
})

/**
 * The type of {@link Record:var}.
 *
 * @since 0.1.0
 */
export type Record = typeof Record.Type

/**
 * One kind of record.
 *
 * @since 0.1.0
 */
export type RecordOf<Tag extends Record["_tag"]> = Extract<Record, { readonly _tag: Tag }>

/**
 * A journal holds something that no crash leaves: it was written over, or cut in the middle.
 *
 * @since 0.1.0
 */
export class JournalInvalid extends Schema.TaggedError<JournalInvalid>()("JournalInvalid", {
  ...Failure.fields("core.journal-invalid"),
  /** Counted from 1. */
  line: Schema.Int
}) {}

/**
 * What a journal's text holds.
 *
 * @since 0.1.0
 */
export interface Decoded {
  readonly records: ReadonlyArray<Record>
  /** What stands at the end and is no whole record: the run was cut off while it was written. */
  readonly torn: string | undefined
  /** How many records were skipped, because a later version has written them. */
  readonly unknown: number
}

const encodeRecord = Schema.encodeSync(Schema.fromJsonString(Record))
const decodeRecord = Schema.decodeUnknownResult(Record)
const decodeTag = Schema.decodeUnknownResult(Schema.Struct({ _tag: Schema.String }))
const tags: ReadonlyArray<string> = Object.keys(Record.cases)

/**
 * One line of a journal, with its end.
 *
 * @example
 * ```ts
 * import { Journal } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * assert.match(Journal.encode({ _tag: "UndoBegan", at: 0, step: "seed", fence: 1 }), /^\{.*"UndoBegan".*\}\n$/)
 * ```
 *
 * @since 0.1.0
 */
export const encode = (record: Record): string => `${encodeRecord(record)}\n`

/**
 * Reads a journal. What a crash has torn off at its end is given back; anything else that cannot be read is an error.
 *
 * @example
 * ```ts
 * import { Journal } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * const line = Journal.encode({ _tag: "UndoBegan", at: 0, step: "seed", fence: 1 })
 * assert.equal(Journal.decode(`${line}{"_tag":"UndoEn`).torn, '{"_tag":"UndoEn')
 * assert.throws(() => Journal.decode(`garbage\n${line}`), /line 1/)
 * ```
 *
 * @throws {@link JournalInvalid} where a line is wrong and whole ones follow.
 * @since 0.1.0
 */
export const decode = (text: string): Decoded => {
  const records: Array<Record> = []
  let unknown = 0
  let broken: { readonly line: number; readonly start: number; readonly problem: string } | undefined
  let start = 0
  for (let line = 1; start < text.length; line++) {
    const end = text.indexOf("\n", start)
    const found = end === -1 ? "it has no end" : read(text.slice(start, end))
    if (typeof found === "string") broken ??= { line, start, problem: found }
    else if (broken !== undefined) throw invalid(broken.line, broken.problem)
    else if (found === undefined) unknown++
    else records.push(found)
    start = end === -1 ? text.length : end + 1
  }
  return { records, unknown, torn: broken === undefined ? undefined : text.slice(broken.start) }
}

/** A record; `undefined` for one of a later version; else what is wrong. */
const read = (line: string): Record | undefined | string => {
  let json: unknown
  try {
    json = JSON.parse(line)
  } catch {
    return "it is no JSON"
  }
  const tag = decodeTag(json)
  if (Result.isFailure(tag)) return "it is no record: _tag is missing"
  if (!tags.includes(tag.success._tag)) return undefined
  const record = decodeRecord(json)
  return Result.isFailure(record) ? formatIssue(record.failure) : record.success
}

const invalid = (line: number, problem: string): JournalInvalid =>
  new JournalInvalid({
    line,
    message: `the journal is damaged: line ${line} cannot be read (${problem}), and whole records follow it`,
    hint: "no crash leaves that: find out what wrote to the file, and put it back from a copy; or move it away, which forgets that run"
  })
