/** Asks a database where it stands. */
import * as Effect from "effect/Effect"
import type { Node } from "libpg-query"
import type {
  LedgerLine,
  MigrationProbe,
  MigrationProbeError,
  MigrationState,
  Migrations,
  PendingMigration
} from "../../PostgresMigrations.ts"
import type { ProbeError, QualifiedName } from "../../PostgresProbe.ts"
import type { Rows, Statement } from "../connect.ts"
import { catalogOf, questionFor } from "../sql/catalog.ts"
import { nodesOf, type PlannedScript, planOf, type Server } from "../sql/plan.ts"
import { statementsOf } from "../sql/split.ts"
import * as ledgers from "./ledger.ts"
import { obstacle, progressOf, refused, type Standing, standingOf } from "./progress.ts"
import { lostTable } from "./sessions.ts"

export type Ask = (statement: Statement) => Effect.Effect<Rows, ProbeError>

/** A file that is left, cut for the server that it is run on. */
export interface LeftFile {
  readonly name: string
  readonly text: string
  readonly script: PlannedScript
  readonly done: number
  /** Whether nobody knows of the next unit if it was run. */
  readonly isStarted: boolean
}

export interface Found extends Standing {
  readonly files: ReadonlyArray<LeftFile>
}

/** Reads the ledger; one that is not there yet is empty. */
const rowsOf = Effect.fnUntraced(function* (ask: Ask, ledger: QualifiedName) {
  const { rows } = yield* ask(ledgers.presence(ledger))
  const { isNew, isThere } = yield* Effect.orDie(ledgers.decodePresence(rows[0]))
  return { isNew, rows: isThere ? yield* Effect.flatMap(ask(ledgers.read(ledger)), ledgers.decode) : [] }
})

/** Looks at the ledger, and cuts what is left. Nothing is parsed where nothing is. */
export const find = Effect.fnUntraced(function* (ask: Ask, wanted: Migrations) {
  const { isNew, rows } = yield* rowsOf(ask, wanted.ledger)
  return yield* leftOf(wanted, rows, isNew, serverOf(ask))
})

/** What is left by a ledger. `serverFor` says what is known of the server and of what the files name there. */
export const leftOf = Effect.fnUntraced(function* <E>(
  wanted: Migrations,
  rows: ReadonlyArray<LedgerLine>,
  isNew: boolean,
  serverFor: (nodes: ReadonlyArray<Node>) => Effect.Effect<Server, E>
): Effect.fn.Return<Found, E | MigrationProbeError> {
  const standing = standingOf(wanted, rows, isNew)
  if ("code" in standing) return yield* standing
  const texts = wanted.files.filter(({ name }) => standing.left.includes(name))
  if (texts.length === 0) return { ...standing, files: [] }
  const parsed = yield* Effect.forEach(texts, (file) =>
    Effect.map(statementsOf(file.text, file.name), (statements) => ({ ...file, statements }))
  )
  const nodes = yield* Effect.forEach(parsed, ({ statements }) => nodesOf(statements))
  const server = yield* serverFor(nodes.flat())
  const files = yield* Effect.forEach(
    parsed,
    Effect.fnUntraced(function* ({ name, statements, text }): Effect.fn.Return<LeftFile, MigrationProbeError> {
      const script = yield* planOf(statements, server)
      const refusal = obstacle(name, script)
      if (refusal !== undefined) return yield* refusal
      const progress = progressOf(name, script, rows)
      if ("code" in progress) return yield* progress
      const lost = lostTable(script.units, progress.done)
      if (lost !== undefined) {
        return yield* refused(
          `${name}: its rest uses the temporary table ${lost}, which has gone with the session of the run that made it`,
          `make and fill ${lost} once more, behind the first ${progress.done === 1 ? "unit" : `${progress.done} units`} that this file has committed`
        )
      }
      return { name, text, script, ...progress }
    })
  )
  return { ...standing, files }
})

const serverOf =
  (ask: Ask) =>
  (nodes: ReadonlyArray<Node>): Effect.Effect<Server, ProbeError> =>
    ask(questionFor(nodes)).pipe(
      Effect.flatMap(({ rows }) => Effect.orDie(catalogOf(rows[0], nodes))),
      Effect.map((catalog) => ({ major: catalog.major, catalog }))
    )

export const stateOf = ({ applied, baseline, files }: Found): MigrationState => ({
  applied,
  baseline,
  pending: files.map(
    ({ done, name, script }): PendingMigration => ({ name, done, units: script.units, hazards: script.hazards })
  )
})

/** The probe of a session. */
export const make = (ask: Ask): MigrationProbe["Service"] => ({
  look: (wanted) => Effect.map(find(ask, wanted), stateOf)
})
