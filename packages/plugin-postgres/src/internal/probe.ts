/** Answers what checks ask from a session. */
import { Look, type Resource } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { DoneNotBoolean, StatementFailed } from "../PostgresError.ts"
import type { ColumnFacts, ExtensionFacts, PostgresProbe, QualifiedName } from "../PostgresProbe.ts"
import type { TableFacts } from "../Table.ts"
import * as catalog from "./catalog.ts"
import { table, volatile } from "./catalogTables.ts"
import * as columnType from "./columnType.ts"
import type { ConnectFailure } from "./connect.ts"
import { counting, uses } from "./enumUses.ts"
import { connections, kindOf, sequencesOf } from "./objectCatalog.ts"
import { make as makeAsk } from "./questions.ts"
import { naming } from "./rowErrors.ts"
import * as scram from "./scram.ts"
import { positions } from "./sequences.ts"
import type { Session } from "./session.ts"
import { qualified } from "./tableSql.ts"

/** The probe of a session, whose server lives in `resource`. */
export const make = (
  session: Session,
  resource: Resource.Resource | undefined,
  /** Opens a connection as another user, to find out whether the server takes the password. */
  connectAs: (user: string, password: Redacted.Redacted<string>) => Effect.Effect<unknown, ConnectFailure, Scope.Scope>
): Omit<PostgresProbe["Service"], "newestBackup" | "readBackup" | "restoredFrom"> => {
  const observe = resource === undefined ? Effect.void : Look.observe(resource)
  const asking = makeAsk(session)
  const ask = <A, E>(question: Effect.Effect<A, E>) => Effect.andThen(observe, question)
  const inCatalog = <A>(kind: catalog.Kind<A>, it: unknown) => ask(asking.catalog(kind, it))
  const tableNamed = (name: QualifiedName) =>
    Effect.flatMap(inCatalog(table, name), (found) =>
      typeof found === "string" ? otherKind(name, found, "table") : Effect.succeed(found ?? undefined)
    )
  /** `null` where there is no type of the name. */
  const typeNamed = (type: string) =>
    ask(asking.type(type)).pipe(
      naming(`type ${type}`),
      Effect.catchIf(isUnknownType, () => Effect.succeed(null))
    )
  return {
    server: Effect.map(inCatalog(catalog.server, {}), catalog.serverFacts),
    extension: (name) => Effect.map(inCatalog(catalog.extension, name), extensionOf),
    neededExtensions: (extension) =>
      Effect.map(inCatalog(catalog.needs, extension), (needs) =>
        needs.map(({ installed, name }) => ({ name, installed: installed ?? undefined }))
      ),
    enumLabels: (type) =>
      Effect.flatMap(inCatalog(catalog.labels, type), (labels) =>
        typeof labels === "string" ? otherKind(type, labels, "enum") : Effect.succeed(labels ?? undefined)
      ),
    enumUses: Effect.fnUntraced(function* (type, labels) {
      const found = yield* inCatalog(uses, type)
      if (found === null) return undefined
      const { columns, dependents } = found
      if (columns.length === 0 || labels.length === 0) return { columns, dependents, held: [] }
      const { rows } = yield* ask(asking.query(counting(columns, labels)))
      const held = rows.flatMap(({ label, place, rows: n }) => {
        const column = columns[Number(place)]
        return column === undefined ? [] : [{ column, label: String(label), rows: Number(n) }]
      })
      return { columns, dependents, held }
    }),
    table: tableNamed,
    column: ({ name, schema, table: inTable, type }) =>
      Effect.map(
        Effect.all([tableNamed({ schema, name: inTable }), typeNamed(type)], { concurrency: "unbounded" }),
        ([found, wanted]) => columnOf(found, name, wanted)
      ),
    isSame: (pair) => ask(asking.same(pair)),
    isVolatile: (expression) => {
      const names = [...expression.matchAll(/([\p{L}_][\p{L}\p{N}_$]*)"?\s*\(/gu)].map(([, name = ""]) => name)
      return names.length === 0 ? Effect.succeed(false) : inCatalog(volatile, names)
    },
    object: (object) =>
      Effect.map(inCatalog(kindOf[object.kind], object), (found) =>
        found?.gone === true || (found === null && object.kind === "owner") ? undefined : (found?.state ?? null)
      ),
    passwordFits: (role, password) =>
      ask(asking.query({ text: "SELECT rolpassword FROM pg_authid WHERE rolname = $1", values: [role] })).pipe(
        Effect.map(({ rows }) => {
          const kept = rows[0]?.rolpassword
          return typeof kept === "string" && scram.isOf(kept, role, Redacted.value(password))
        }),
        Effect.catchTag("PermissionDenied", () =>
          Effect.scoped(connectAs(role, password)).pipe(
            Effect.as(true),
            Effect.catchTag("AuthenticationFailed", () => Effect.succeed(false))
          )
        )
      ),
    connections: (role) =>
      Effect.map(
        Effect.flatMap(inCatalog(catalog.server, {}), ({ user }) => inCatalog(connections, { role: role ?? user })),
        ({ database, reserved, role: own, server }) => ({
          server,
          reserved,
          database: database < 0 ? undefined : database,
          role: own === null || own < 0 ? undefined : own
        })
      ),
    sequences: Effect.fnUntraced(function* (schema) {
      const all = yield* inCatalog(sequencesOf, { schema })
      if (all.length === 0) return []
      const { rows } = yield* ask(asking.query(positions(all)))
      return rows.flatMap(({ greatest, next, place }) => {
        const found = all[Number(place)]
        if (found === undefined) return []
        const { column, schema: of, table: its } = found
        return [
          {
            schema: of,
            table: its,
            column,
            next: Number(next),
            greatest: greatest === null ? undefined : Number(greatest)
          }
        ]
      })
    }),
    isLeft: ({ table: of, where }) =>
      Effect.map(
        ask(
          asking.query({
            // A newline ends what may be a comment at the end of the expression.
            text: `SELECT EXISTS (SELECT FROM ${qualified(of)} WHERE (${where}\n)) AS left`,
            values: []
          })
        ),
        ({ rows }) => rows[0]?.left === true
      ),
    holds: Effect.fnUntraced(function* (statement) {
      const { fields, rows: found } = yield* ask(asking.query(statement))
      const [first] = fields
      const value = first === undefined ? undefined : found[0]?.[first.name]
      return fields.length === 1 && found.length === 1 && typeof value === "boolean"
        ? value
        : yield* notBoolean(fields.length, found.length)
    })
  }
}

/** Something of another kind has the name. */
const otherKind = (
  { name, schema }: QualifiedName,
  found: string,
  wanted: string
): Effect.Effect<never, StatementFailed> =>
  Effect.fail(
    new StatementFailed({
      sqlstate: "42809",
      message: `${schema}.${name} is ${found}, and no ${wanted}`,
      hint: `correct the name, or give the ${wanted} another one`
    })
  )

const notBoolean = (columns: number, rows: number): DoneNotBoolean =>
  new DoneNotBoolean({
    message: `the query of \`done\` must answer one boolean; it answered ${rows} rows of ${columns} columns`,
    hint: "write it like SELECT EXISTS (SELECT FROM … WHERE …)"
  })

const extensionOf = (found: Effect.Success<ReturnType<typeof catalog.extension.decode>>): ExtensionFacts => ({
  server: catalog.serverFacts(found.server),
  installed:
    found.installed === null
      ? undefined
      : { version: found.installed, schema: found.schema ?? "", relocatable: found.relocatable ?? false },
  available:
    found.available === null
      ? undefined
      : {
          version: found.available,
          versions: found.versions ?? [],
          needsSuperuser: found.needsSuperuser ?? false,
          missing: found.missing ?? []
        }
})

const isUnknownType = (error: unknown): boolean => error instanceof StatementFailed && unknown.includes(error.sqlstate)

/** The SQLSTATEs of a type, or of its schema, that is not there. */
const unknown: ReadonlyArray<string> = ["42704", "3F000"]

const columnOf = (
  found: (TableFacts & { readonly columns: Readonly<Record<string, columnType.Typed>> }) | undefined,
  name: string,
  wanted: columnType.TypeIdentity | null | undefined
): ColumnFacts => {
  const existing = found?.columns[name]
  return {
    table: found,
    hasType: wanted !== null,
    existing:
      existing === undefined
        ? undefined
        : {
            ...existing,
            isWanted: wanted != null && wanted.id === existing.typeId && wanted.modifier === existing.typeModifier,
            widens: wanted != null && columnType.widens(existing, wanted)
          }
  }
}
