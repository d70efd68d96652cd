/** A lock that is held: its session writes, and is watched. */
import { Lock, Release, type Store } from "@shipshape/core"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { QueryError } from "../../PostgresError.ts"
import type { Rows, Statement, Watched } from "../connect.ts"
import { type StoreName, toStoreFailed } from "./failing.ts"
import type { Statements } from "./statements.ts"

/** How often the holder asks whether it still is that. */
const beat = "5 seconds"

/** A server that is silent for so long is given up: sooner than it gives up a client that is silent. */
const silence = "40 seconds"

/** A process that was stopped finds the answer and the time that has passed at once: it looks at the answer first. */
const grace = "1 second"

/** The lock is free as soon as the connection is closed, so nobody waits long for the server to say it. */
const goodbye = "2 seconds"

type WriteError = Lock.LockLost | Store.StoreFailed

const encodeRelease = Schema.encodeSync(Schema.fromJsonString(Release.Release))

/** Whoever holds the lock, until the scope ends. All it does goes through the session that has the lock. */
export const leaseOf = Effect.fnUntraced(function* (
  connection: Watched,
  statements: Statements,
  name: StoreName,
  run: number
): Effect.fn.Return<Store.Lease, never, Scope.Scope> {
  const lost = Deferred.makeUnsafe<never, Lock.LockLost>()
  const fail = (error: QueryError): Effect.Effect<never, WriteError> =>
    error._tag === "ConnectionLost"
      ? Effect.fail(Lock.lostBy(run, `its session has ended (${error.message})`))
      : Effect.fail(toStoreFailed(name, error))
  // Whoever waits for an answer that never comes is told when the session is given up.
  const query = (statement: Statement): Effect.Effect<Rows, WriteError> =>
    Effect.raceFirst(Effect.catch(connection.query(statement), fail), Deferred.await(lost))
  const broken = Lock.lostBy(run, "somebody has broken it, or another run holds it")

  const held = Effect.flatMap(query(statements.held(run)), ({ rows }) =>
    rows[0]?.locked === true && rows[0].leased === true ? Effect.void : Effect.fail(broken)
  )
  const write = (statement: Statement): Effect.Effect<void, WriteError> =>
    Effect.flatMap(query(statement), ({ rows }) => (rows[0]?.held === true ? Effect.void : Effect.fail(broken)))
  const linesOf = (text: string): ReadonlyArray<string> => text.match(/[^\n]*\n|[^\n]+$/g) ?? []

  // It ends before the connection does, so that the lock is free when the scope has ended.
  yield* Effect.addFinalizer(() =>
    Effect.andThen(connection.query(statements.leave(run)), connection.query(statements.free)).pipe(
      Effect.interruptible,
      Effect.timeoutOption(goodbye),
      Effect.ignore
    )
  )
  yield* watch(connection, held, run).pipe(
    Effect.catch((error) => Effect.andThen(Deferred.fail(lost, error), connection.destroy)),
    Effect.forkScoped
  )
  return {
    run,
    held,
    lost: Deferred.await(lost),
    at: (step) => Effect.ignore(query(statements.at(run, step))),
    begin: (line) => write(statements.begin(run, linesOf(line))),
    append: (lines) => write(statements.append(run, linesOf(lines))),
    writeRelease: (release) => write(statements.writeRelease(run, release.number, encodeRelease(release))),
    removeRelease: (number) => write(statements.removeRelease(run, number)),
    removeRun: (old) => write(statements.removeRun(run, old))
  }
})

/** Ends with its error when the lock is lost. */
const watch = (
  connection: Watched,
  held: Effect.Effect<void, WriteError>,
  run: number
): Effect.Effect<never, Lock.LockLost> => {
  const ended = Effect.flatMap(connection.closed, (why) =>
    Effect.fail(Lock.lostBy(run, `its session has ended (${why instanceof Error ? why.message : String(why)})`))
  )
  const asked = Effect.gen(function* () {
    const answer = yield* Effect.forkScoped(held)
    const first = yield* Effect.timeoutOption(Fiber.join(answer), silence)
    if (first._tag === "Some") return
    const second = yield* Effect.timeoutOption(Fiber.join(answer), grace)
    if (second._tag === "Some") return
    return yield* Lock.lostBy(run, `PostgreSQL has not answered for ${silence}`)
  }).pipe(
    Effect.scoped,
    // A server that is in trouble has not taken the lock away.
    Effect.catchTag("StoreFailed", () => Effect.void)
  )
  return Effect.raceFirst(ended, Effect.forever(Effect.andThen(Effect.sleep(beat), asked)))
}
