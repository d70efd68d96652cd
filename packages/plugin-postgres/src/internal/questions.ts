/** Collects the questions that checks ask at the same time, and asks them together. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Request from "effect/Request"
import * as RequestResolver from "effect/RequestResolver"
import type { QueryError } from "../PostgresError.ts"
import type { ColumnQuestion, QualifiedName } from "../PostgresProbe.ts"
import * as catalog from "./catalog.ts"
import * as columnType from "./columnType.ts"
import type { ConnectFailure, Rows, Statement } from "./connect.ts"
import type { Answers, Session } from "./session.ts"

type AskError = ConnectFailure | QueryError

/** What a check asks. */
export type Question =
  | { readonly kind: "server" }
  | { readonly kind: "extension"; readonly name: string }
  | { readonly kind: "needs"; readonly extension: string }
  | { readonly kind: "enum"; readonly type: QualifiedName }
  | { readonly kind: "column"; readonly column: ColumnQuestion }
  | { readonly kind: "query"; readonly statement: Statement }

/** What a check gets: the catalog's answer to all questions and where its own one stands, and its own statement's rows. */
export interface Answer {
  readonly catalog: catalog.Answer
  readonly index: number
  readonly rows: Exit.Exit<Rows, QueryError> | undefined
}

class Ask extends Request.TaggedClass("Ask")<{ readonly question: Question }, Answer, AskError> {}

/** Asks through a session; questions of the same moment go in one round trip. */
export const make = (session: Session): ((question: Question) => Effect.Effect<Answer, AskError>) => {
  const resolver = RequestResolver.make<Ask>((entries) =>
    Effect.gen(function* () {
      const collected = collect(entries.map((entry) => entry.request.question))
      const answers = yield* session.ask(collected.statements)
      const [inCatalog = Exit.die("a batch without an answer")] = answers
      const answer = yield* catalog.decode((yield* inCatalog).rows)
      entries.forEach((entry, i) => {
        entry.completeUnsafe(Exit.succeed({ catalog: answer, ...collected.own(i, answers) }))
      })
    }).pipe(
      Effect.catchCause((cause) =>
        Effect.sync(() => {
          for (const entry of entries) entry.completeUnsafe(Exit.failCause(cause))
        })
      )
    )
  )
  return (question) => Effect.request(new Ask({ question }), resolver)
}

/** One statement for the catalog, and those of single questions behind it. */
const collect = (questions: ReadonlyArray<Question>) => {
  const asked = {
    extensions: [] as string[],
    needs: [] as string[],
    enums: [] as QualifiedName[],
    columns: [] as ColumnQuestion[]
  }
  const own: Array<Statement> = []
  const places = questions.map((question): { readonly index: number; readonly statement?: number } => {
    switch (question.kind) {
      case "server":
        return { index: 0 }
      case "extension":
        return { index: asked.extensions.push(question.name) - 1 }
      case "needs":
        return { index: asked.needs.push(question.extension) - 1 }
      case "enum":
        return { index: asked.enums.push(question.type) - 1 }
      case "column":
        return {
          index: asked.columns.push(question.column) - 1,
          statement: own.push(columnType.question(question.column.type))
        }
      default:
        return { index: 0, statement: own.push(question.statement) }
    }
  })
  return {
    statements: [catalog.statement(asked), ...own],
    own: (i: number, answers: Answers): Omit<Answer, "catalog"> => {
      const { index = 0, statement } = places[i] ?? {}
      return { index, rows: statement === undefined ? undefined : answers[statement] }
    }
  }
}
