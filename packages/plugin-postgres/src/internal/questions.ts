/** Collects the questions that checks ask at the same time, and asks them together. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Request from "effect/Request"
import * as RequestResolver from "effect/RequestResolver"
import type { QueryError } from "../PostgresError.ts"
import * as catalog from "./catalog.ts"
import * as columnType from "./columnType.ts"
import type { ConnectFailure, Rows, Statement } from "./connect.ts"
import * as sameExpression from "./sameExpression.ts"
import type { Answers, Session } from "./session.ts"

type AskError = ConnectFailure | QueryError

type Question =
  | { readonly _tag: "Catalog"; readonly kind: catalog.Kind<unknown>; readonly it: string }
  | { readonly _tag: "Type"; readonly type: string }
  | { readonly _tag: "Same"; readonly pair: sameExpression.Pair }
  | { readonly _tag: "Query"; readonly statement: Statement }

class Ask extends Request.TaggedClass("Ask")<{ readonly question: Question }, unknown, AskError> {}

/** What checks may ask; questions of the same moment go in one round trip. */
export interface Asking {
  readonly catalog: <A>(kind: catalog.Kind<A>, it: unknown) => Effect.Effect<A, AskError>
  readonly type: (type: string) => Effect.Effect<columnType.TypeIdentity | undefined, AskError>
  readonly same: (pair: sameExpression.Pair) => Effect.Effect<boolean, AskError>
  readonly query: (statement: Statement) => Effect.Effect<Rows, AskError>
}

export const make = (session: Session): Asking => {
  const resolver = RequestResolver.make<Ask>((entries) =>
    answerAll(
      session,
      entries.map((entry) => entry.request.question)
    ).pipe(
      Effect.tap((answers) =>
        Effect.sync(() => {
          entries.forEach((entry, i) => {
            entry.completeUnsafe(answers[i] ?? Exit.die("a question without an answer"))
          })
        })
      ),
      Effect.catchCause((cause) =>
        Effect.sync(() => {
          for (const entry of entries) entry.completeUnsafe(Exit.failCause(cause))
        })
      )
    )
  )
  const ask = (question: Question) => Effect.request(new Ask({ question }), resolver)
  return {
    catalog: (kind, it) => Effect.flatMap(ask({ _tag: "Catalog", kind, it: JSON.stringify(it) }), kind.decode),
    // Each kind of question is answered below with what stands here.
    type: (type) => ask({ _tag: "Type", type }) as Effect.Effect<columnType.TypeIdentity | undefined, AskError>,
    same: (pair) =>
      sameExpression.isPlainlySame(pair)
        ? Effect.succeed(true)
        : ask({ _tag: "Same", pair }).pipe(
            Effect.map((answer) => answer === true),
            Effect.mapError((error) => sameExpression.ofPair(pair, error))
          ),
    query: (statement) => ask({ _tag: "Query", statement }) as Effect.Effect<Rows, AskError>
  }
}

type Answer = Exit.Exit<unknown, QueryError>

/**
 * A way to answer many questions with one statement. One that is wrong spoils it for all, as a failure or as an answer that
 * is `undefined`: they are asked one by one then.
 */
interface Together<Q> {
  readonly keyOf: (question: Q) => string
  readonly statement: (questions: ReadonlyArray<Q>) => Statement
  readonly read: (rows: Rows, questions: ReadonlyArray<Q>) => ReadonlyArray<unknown>
}

const types: Together<string> = {
  keyOf: (type) => type,
  statement: columnType.question,
  read: (rows, asked) => asked.map((_, i) => columnType.identityOf(rows, i))
}

const same: Together<sameExpression.Pair> = {
  keyOf: JSON.stringify,
  statement: sameExpression.question,
  read: sameExpression.areSame
}

const answerAll = Effect.fnUntraced(function* (session: Session, questions: ReadonlyArray<Question>) {
  const groups = [
    inCatalog(questions.flatMap((q) => (q._tag === "Catalog" ? [q] : []))),
    together(
      types,
      questions.flatMap((q) => (q._tag === "Type" ? [q.type] : []))
    ),
    together(
      same,
      questions.flatMap((q) => (q._tag === "Same" ? [q.pair] : []))
    )
  ]
  const own = questions.flatMap((q) => (q._tag === "Query" ? [q.statement] : []))
  const asked = groups.flatMap(({ statement }) => (statement === undefined ? [] : [statement]))
  const first = yield* session.ask([...asked, ...own])
  let next = 0
  const read = groups.map(({ answersOf, statement }) => (statement === undefined ? [] : answersOf(take(first, next++))))
  const spoilt = groups.map(({ singles }, i) => (read[i] === undefined ? singles : []))
  const again = spoilt.some((singles) => singles.length > 0) ? yield* session.ask(spoilt.flat()) : []
  let nextAgain = 0
  const answers = groups.map(
    ({ single }, i) => read[i] ?? single((spoilt[i] ?? []).map(() => take(again, nextAgain++)))
  )
  const [catalogued = [], typed = [], compared = []] = answers.map((them) => them.values())
  const queried = first.slice(asked.length).values()
  const from = { Catalog: catalogued, Type: typed, Same: compared, Query: queried }
  return questions.map(({ _tag }): Answer => from[_tag][Symbol.iterator]().next().value ?? Exit.die("unanswered"))
})

const take = (answers: Answers, i: number): Exit.Exit<Rows, QueryError> =>
  answers[i] ?? Exit.die("a statement without an answer")

/** Questions of one group, and how their answers are read. */
interface Group {
  readonly statement: Statement | undefined
  /** `undefined` where a question has spoilt it for all. */
  readonly answersOf: (answer: Exit.Exit<Rows, QueryError>) => ReadonlyArray<Answer> | undefined
  readonly singles: ReadonlyArray<Statement>
  readonly single: (answers: Answers) => ReadonlyArray<Answer>
}

const inCatalog = (questions: ReadonlyArray<{ readonly kind: catalog.Kind<unknown>; readonly it: string }>): Group => {
  const kinds = new Map<string, { readonly kind: catalog.Kind<unknown>; readonly its: Map<string, number> }>()
  const places = questions.map(({ it, kind }) => {
    const asked = kinds.get(kind.name) ?? { kind, its: new Map<string, number>() }
    kinds.set(kind.name, asked)
    const index = asked.its.get(it) ?? asked.its.size
    asked.its.set(it, index)
    return [kind.name, index] as const
  })
  const asked = [...kinds.values()].map(({ its, kind }) => ({ kind, its: [...its.keys()] }))
  return {
    statement: asked.length === 0 ? undefined : catalog.statement(asked),
    answersOf: (answer) => {
      if (Exit.isFailure(answer)) return questions.map(() => answer)
      const answers = new Map(asked.map(({ kind }, i) => [kind.name, catalog.answersOf(answer.value.rows, i)]))
      return places.map(([name, index]) => Exit.succeed(answers.get(name)?.[index] ?? null))
    },
    singles: [],
    single: () => []
  }
}

const together = <Q>({ keyOf, read, statement }: Together<Q>, questions: ReadonlyArray<Q>): Group => {
  const distinct = [...new Map(questions.map((question) => [keyOf(question), question])).values()]
  const places = new Map(distinct.map((question, i) => [keyOf(question), i]))
  const spread = (answers: ReadonlyArray<Answer>) =>
    questions.map((question) => answers[places.get(keyOf(question)) ?? 0] ?? Exit.die("unanswered"))
  return {
    statement: distinct.length === 0 ? undefined : statement(distinct),
    answersOf: (answer) => {
      if (distinct.length === 1) return spread([Exit.map(answer, (rows) => read(rows, distinct)[0])])
      if (Exit.isFailure(answer)) return undefined
      const answers = read(answer.value, distinct)
      return answers.includes(undefined) ? undefined : spread(answers.map(Exit.succeed))
    },
    singles: distinct.map((question) => statement([question])),
    single: (answers) =>
      spread(answers.map((answer, i) => Exit.map(answer, (rows) => read(rows, distinct.slice(i, i + 1))[0])))
  }
}
