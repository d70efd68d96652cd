/** One interpreter for everything that is asked of an application. */
import { Look, type Target } from "@shipshape/core"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import { type Refusal, SessionFailed } from "../DjangoError.ts"
import { endOfInput, type Lines, linesOf } from "./lines.ts"
import { mark } from "./python/session.ts"
import { errorOf, Refused } from "./refusal.ts"

/** How long an interpreter may take to end once nothing more is asked. */
const grace = "5 seconds"

/** Where interpreters start. */
export interface Source<out E> {
  readonly name: string
  /** Starts the interpreter with its script; it ends with the scope. */
  readonly open: Effect.Effect<Target.Process, E, Scope.Scope>
  /** Fails as the target does where it cannot be reached at all: asked where an interpreter ends without a word. */
  readonly reach: Effect.Effect<unknown, E>
  /** What an interpreter started now would run: another text makes the one that runs outdated. */
  readonly revision: Effect.Effect<string, E>
}

/** A request is data for the interpreter: which operation, and its arguments. */
export interface Request {
  readonly op: string
  readonly [argument: string]: unknown
}

type AskError<E> = E | Refusal | SessionFailed

export interface Session<out E> {
  readonly ask: (request: Request) => Effect.Effect<unknown, AskError<E>>
}

interface Interpreter {
  readonly process: Target.Process
  readonly lines: Lines
  readonly scope: Scope.Closeable
  readonly revision: string
  /** It has answered before: its end may be its container's, and a new one is worth a try. */
  used: boolean
}

interface Asked<E> {
  readonly request: Request
  readonly answer: Deferred.Deferred<unknown, AskError<E>>
}

const Answer = Schema.Union([Schema.Struct({ ok: Schema.Unknown }), Schema.Struct({ refused: Refused })])
const Reply = Schema.Union([
  Answer,
  Schema.Struct({ answers: Schema.Array(Answer) }),
  Schema.Struct({ stale: Schema.Literal(true) })
])
const decodeReply = Schema.decodeUnknownEffect(Schema.fromJsonString(Reply))

/**
 * Starts at the first question. Questions that come while the interpreter works wait, and go to it together. An
 * interpreter that ended, or that runs what is outdated, is replaced.
 */
export const make = <E>(source: Source<E>): Effect.Effect<Session<E>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const parent = yield* Effect.scope
    const turn = Semaphore.makeUnsafe(1)
    const revision = Look.shared(() => source.revision)
    let waiting: Array<Asked<E>> = []
    let current: Interpreter | undefined

    const drop = Effect.suspend(() => {
      const ending = current
      current = undefined
      return ending === undefined ? Effect.void : Scope.close(ending.scope, Exit.void)
    })

    const start = Effect.fnUntraced(function* (revision: string) {
      const scope = yield* Scope.fork(parent)
      const process = yield* Scope.provide(source.open, scope)
      const interpreter: Interpreter = { process, lines: linesOf(process.duplex), scope, revision, used: false }
      current = interpreter
      yield* Scope.addFinalizer(scope, endPolitely(process))
      const hello = yield* receive(interpreter)
      if (hello !== undefined && "refused" in hello)
        return yield* Effect.andThen(drop, Effect.fail(errorOf(hello.refused)))
      if (hello === undefined)
        return yield* Effect.andThen(drop, Effect.andThen(source.reach, ended(source.name, process)))
      return interpreter
    })

    const receive = Effect.fnUntraced(function* (interpreter: Interpreter) {
      while (true) {
        const line = yield* interpreter.lines.next
        if (line === endOfInput) return undefined
        // What is not marked was printed before the script took over.
        if (line.startsWith(mark)) return yield* Effect.orDie(decodeReply(line.slice(mark.length)))
      }
    })

    const exchange = Effect.fnUntraced(function* () {
      const wanted = yield* revision("")
      if (current !== undefined && current.revision !== wanted) yield* drop
      while (true) {
        const interpreter: Interpreter = current ?? (yield* start(wanted))
        const batch = waiting
        interpreter.process.duplex.write(`${JSON.stringify(batch.map(({ request }) => request))}\n`)
        const reply = yield* receive(interpreter)
        if (reply !== undefined && "answers" in reply) {
          interpreter.used = true
          return { batch, answers: reply.answers }
        }
        yield* drop
        if (reply === undefined && !interpreter.used) return yield* ended(source.name, interpreter.process)
      }
    })

    const settle = Effect.gen(function* () {
      if (waiting.length === 0) return
      const exit = yield* Effect.exit(exchange())
      const batch = Exit.isSuccess(exit) ? exit.value.batch : waiting
      waiting = waiting.filter((asked) => !batch.includes(asked))
      for (const [i, { answer }] of batch.entries()) {
        const given = Exit.isSuccess(exit) ? exit.value.answers[i] : undefined
        if (Exit.isFailure(exit)) yield* Deferred.failCause(answer, exit.cause)
        else if (given === undefined) yield* Deferred.die(answer, new Error("a question was left without an answer"))
        else if ("ok" in given) yield* Deferred.succeed(answer, given.ok)
        else yield* Deferred.fail(answer, errorOf(given.refused))
      }
    }).pipe(
      // Half an answer may be on its way: the next one to ask starts anew.
      Effect.onInterrupt(() => drop)
    )

    return {
      ask: (request) =>
        Effect.suspend(() => {
          const asked: Asked<E> = { request, answer: Deferred.makeUnsafe() }
          waiting = [...waiting, asked]
          return turn.withPermit(Effect.suspend(() => (waiting.includes(asked) ? settle : Effect.void))).pipe(
            Effect.andThen(Deferred.await(asked.answer)),
            Effect.onInterrupt(() =>
              Effect.sync(() => {
                waiting = waiting.filter((other) => other !== asked)
              })
            )
          )
        })
    }
  })

/** Closes its input, upon which the script ends, and a container that was made for it goes. */
const endPolitely = (process: Target.Process): Effect.Effect<void> =>
  Effect.sync(() => void process.duplex.end()).pipe(
    Effect.andThen(process.exitCode),
    Effect.timeoutOption(grace),
    Effect.asVoid
  )

const ended = (name: string, process: Target.Process): Effect.Effect<never, SessionFailed> =>
  Effect.flatMap(process.exitCode, (exitCode) => {
    const tail = process
      .stderr()
      .split("\n")
      .filter((line) => line.trim() !== "")
    return Effect.fail(
      new SessionFailed({
        message: `Python in ${name} ended with exit code ${exitCode} before it answered`,
        hint: "read the lines above; the options python, manage and directory say what is started where",
        retryable: true,
        tail
      })
    )
  })
