import type { Event, Failure, Plan } from "@shipshape/core"

export const step = (id: string, more: Partial<Plan.PlannedStep> = {}): Plan.PlannedStep => ({
  id,
  type: `test.${id}`,
  action: "none",
  risk: "additive",
  changes: [],
  dependsOn: [],
  ...more
})

export const planOf = (steps: ReadonlyArray<Plan.PlannedStep>, more: Partial<Plan.Plan> = {}): Plan.Plan => {
  const count = (action: Plan.Action): number => steps.filter((one) => one.action === action).length
  return {
    deployment: "edms",
    environment: "staging",
    data: "disposable",
    strategy: "update",
    digest: "7f3a91c2d4",
    steps,
    summary: { none: count("none"), apply: count("apply"), deferred: count("deferred"), blocked: count("blocked") },
    ...more
  }
}

export const failure: Failure.Report = {
  code: "django.migration-failed",
  message: "migration documents.0007 failed: relation “documents” already exists",
  hint: "compare the table with documents.0007, then fake the migration",
  retryable: false,
  tail: ["Applying documents.0007...", "psycopg.errors.DuplicateTable: relation “documents” already exists"],
  causes: ["`manage.py migrate` ended with exit code 1"]
}

type WithoutTime<E> = E extends { readonly at: number } ? Omit<E, "at"> : never

/** An event at a time in milliseconds. */
export const at = (time: number, event: WithoutTime<Event.Event>): Event.Event =>
  ({ ...event, at: time }) as Event.Event

const counts = { satisfied: 0, applied: 0, failed: 0, notRun: 0, undone: 0, skipped: 0, optionalFailed: 0 }

/** A run of six steps, two of them at a time, that fails. */
export const failing: ReadonlyArray<Event.Event> = [
  at(0, {
    _tag: "RunStarted",
    mode: "apply",
    deployment: "edms",
    environment: "staging",
    data: "disposable",
    strategy: "update",
    steps: [
      { id: "docker", type: "docker.preflight" },
      { id: "images", type: "docker.build" },
      { id: "pg_trgm", type: "postgres.extension", group: 2 },
      { id: "unaccent", type: "postgres.extension", group: 2 },
      { id: "migrate", type: "django.migrate" },
      { id: "health", type: "health.http" }
    ]
  }),
  at(5, { _tag: "StepChecked", id: "docker" }),
  at(10, {
    _tag: "Planned",
    plan: planOf([
      step("docker"),
      step("images", { action: "apply", changes: [{ summary: "build backend" }, { summary: "build frontend" }] }),
      step("pg_trgm", { action: "apply", changes: [{ summary: "create extension" }] }),
      step("unaccent", { action: "deferred", reason: "known after “images”" }),
      step("migrate", { action: "deferred", reason: "known after “images”" }),
      step("health", { action: "deferred", reason: "known after “images”" })
    ])
  }),
  at(10, {
    _tag: "StepFinished",
    id: "docker",
    type: "docker.preflight",
    outcome: "satisfied",
    changes: [],
    durationMs: 0
  }),
  at(20, { _tag: "StepStarted", id: "images", type: "docker.build", phase: "check", risk: "additive", attempt: 1 }),
  at(30, { _tag: "StepStarted", id: "images", type: "docker.build", phase: "apply", risk: "additive", attempt: 1 }),
  at(40, { _tag: "StepOutput", id: "images", line: "#1 \u001b[31mload\u001b[0m 1%\r#1 load 100%" }),
  at(4_000, {
    _tag: "StepRetrying",
    id: "images",
    attempt: 1,
    failure: { ...failure, message: "registry did not answer" }
  }),
  at(5_000, { _tag: "StepStarted", id: "images", type: "docker.build", phase: "apply", risk: "additive", attempt: 2 }),
  at(12_300, {
    _tag: "StepFinished",
    id: "images",
    type: "docker.build",
    outcome: "applied",
    changes: [{ summary: "build backend" }, { summary: "build frontend" }],
    durationMs: 12_280
  }),
  at(12_400, {
    _tag: "StepStarted",
    id: "pg_trgm",
    type: "postgres.extension",
    phase: "apply",
    risk: "additive",
    attempt: 1
  }),
  at(12_400, {
    _tag: "StepStarted",
    id: "unaccent",
    type: "postgres.extension",
    phase: "apply",
    risk: "additive",
    attempt: 1
  }),
  at(12_500, {
    _tag: "StepFinished",
    id: "unaccent",
    type: "postgres.extension",
    outcome: "satisfied",
    changes: [],
    durationMs: 40
  }),
  at(13_000, {
    _tag: "StepFinished",
    id: "pg_trgm",
    type: "postgres.extension",
    outcome: "applied",
    changes: [{ summary: "create extension" }],
    durationMs: 600
  }),
  at(13_000, {
    _tag: "StepStarted",
    id: "migrate",
    type: "django.migrate",
    phase: "apply",
    risk: "additive",
    attempt: 1
  }),
  at(15_000, {
    _tag: "StepFinished",
    id: "migrate",
    type: "django.migrate",
    outcome: "failed",
    changes: [],
    durationMs: 2_000,
    failure
  }),
  at(15_000, {
    _tag: "StepFinished",
    id: "health",
    type: "health.http",
    outcome: "notRun",
    changes: [],
    durationMs: 0,
    reason: "not run, because “migrate” failed"
  }),
  at(15_010, {
    _tag: "RunFinished",
    outcome: "failed",
    counts: { ...counts, satisfied: 2, applied: 2, failed: 1, notRun: 1 },
    durationMs: 15_010
  })
]
