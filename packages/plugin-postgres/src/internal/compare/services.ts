/** Compares the database of a deployment, and runs what comes of it. */
import { Command, Failure, Look, Progress, type Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { ExpectedSchemaFailed, SchemaChangeFailed } from "../../CompareError.ts"
import type { ProbeError } from "../../PostgresProbe.ts"
import type { Comparison, Program, SchemaControl, SchemaProbe } from "../../PostgresSchema.ts"
import type { Unit } from "../../Sql.ts"
import type { Statement } from "../connect.ts"
import type { Session } from "../session.ts"
import { statementsOf } from "../sql/split.ts"
import { between } from "./between.ts"
import { type Database, open, type Server } from "./database.ts"
import { scratch } from "./scratch.ts"
import { handedOver, isUrl, load, opened, textOf } from "./sides.ts"

/** Where the programs run that make an expected schema. */
export interface Places {
  readonly target: Target.Operations
  readonly containers: Option.Option<Target.Containers["Service"]>
}

export const isProgram = (expected: Comparison["expected"]): expected is Program =>
  typeof expected === "object" && "program" in expected

/** The probe of a server. `settled` waits for what a killed run has left to the server to do. */
export const probe = (
  server: Server,
  places: Places,
  settled: Effect.Effect<unknown, ProbeError>
): SchemaProbe["Service"] => ({
  compare: Effect.fnUntraced(function* ({ expected, scratch: scratchUrl, ...how }) {
    if (server.login.resource !== undefined) yield* Look.observe(server.login.resource)
    yield* settled
    const from = yield* open(server)
    const own = scratchUrl === undefined ? from : yield* opened(scratchUrl)
    const to = isProgram(expected)
      ? yield* filled(expected, own, from, places)
      : isUrl(expected)
        ? yield* opened(expected)
        : yield* load(textOf(expected), own, from)
    return yield* between({ from, to, server: own, hasRows: true }, { ...how, repeats: true })
  }, Effect.scoped)
})

const filled = Effect.fnUntraced(function* (
  expected: Program,
  server: Database,
  from: Database,
  { containers, target }: Places
) {
  const { args, directory, env, oneOff, program, service } = expected
  const failed = (error: { readonly message: string }, hint: string) => {
    const report = Failure.report(error)
    return new ExpectedSchemaFailed({
      program,
      message: `the expected schema is not made: ${error.message}`,
      hint,
      ...(report.tail === undefined ? {} : { tail: report.tail }),
      cause: error
    })
  }
  if (service !== undefined && Option.isNone(containers)) {
    return yield* failed(
      new Error(`no plugin of the deployment has containers for service ${service}`),
      "list the plugin that does before that of PostgreSQL, or leave `service` out"
    )
  }
  const database = yield* scratch(server)
  yield* handedOver(database, server, from)
  const place =
    service === undefined || Option.isNone(containers)
      ? target
      : containers.value[oneOff ? "oneOff" : "service"](service)
  const command = Command.make(program, args, {
    ...(directory === undefined ? {} : { cwd: directory }),
    env: { ...(service === undefined ? server.server.env : {}), ...env, PGDATABASE: database.name }
  })
  yield* Effect.mapError(place.run(command), (error) =>
    error._tag === "TargetUnavailable"
      ? error
      : failed(error, "the program has to fill the empty database that PGDATABASE names; run it by hand with one")
  )
  return database
})

/** The control of a session. */
export const control = (session: Session): SchemaControl["Service"] => ({
  run: Effect.fnUntraced(function* (units) {
    for (const [i, unit] of units.entries()) {
      yield* Progress.line(`unit ${i + 1} of ${units.length}: ${shown(unit)}`)
      yield* runUnit(session, unit)
    }
  })
})

const shown = ({ statements }: Unit): string =>
  (statements.find(({ sql }) => !sql.startsWith("SET LOCAL ")) ?? statements[0])?.sql
    .replace(/\s+/g, " ")
    .slice(0, 120) ?? "nothing"

const runUnit = Effect.fnUntraced(function* (session: Session, { statements, transaction }: Unit) {
  const apart = yield* Effect.forEach(statements, ({ sql }) => singly(sql))
  const all = apart.flat()
  const work = transaction
    ? Effect.asVoid(session.executeAll(all))
    : Effect.forEach(
        all,
        (one) =>
          // What is built beside writers takes as long as it needs; all else is quick.
          /^(CREATE|DROP|REINDEX)\b.* CONCURRENTLY /s.test(one.text)
            ? session.executePatiently(one)
            : session.execute(one),
        { discard: true }
      )
  yield* Effect.mapError(work, (error) =>
    error._tag === "StatementFailed" || error._tag === "PermissionDenied"
      ? new SchemaChangeFailed({
          statement: all.map(({ text }) => text).join("; "),
          message: `${shown({ statements, transaction })}: ${error.message}`,
          hint: `${error.hint}; what was committed before stays, and the next run goes on from there`,
          retryable: error.retryable,
          cause: error
        })
      : error
  )
})

/** The server takes one statement at a time; a text may have more. */
const singly = Effect.fnUntraced(function* (sql: string) {
  const plain = (text: string): Statement => ({ text, values: [] })
  if (!sql.includes(";")) return [plain(sql)]
  const { statements } = yield* statementsOf(sql)
  return statements.map((one) => plain(one.sql))
})
