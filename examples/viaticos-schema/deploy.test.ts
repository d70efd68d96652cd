/** The deployment, tested without a server: against a database in memory that lacks what production lacks. */
import { assert, describe, it } from "@effect/vitest"
import { MemoryStore, Rehearsal } from "@shipshape/core/testing"
import { PostgresWorld } from "@shipshape/plugin-postgres/testing"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import deployment from "./deploy.ts"
import * as wanted from "./wanted.ts"

const variables = {
  VIATICOS_DATABASE_URL: "postgres://app@127.0.0.1/viaticos",
  VIATICOS_MASTER_DATA: "/srv/master-data"
}

const master = ["currencies", "countries", "locations", "expense_categories", "factura_suppliers", "users"]

const uniques = Object.values(wanted.uniques)

/** The tables that are changed or filled, with the columns that the changes are about. */
const tables = {
  currencies: { id: "integer" },
  countries: { id: "integer" },
  locations: { id: "integer" },
  expense_categories: { id: "integer", name: "varchar(100)" },
  category_country_alerts: { id: "integer", category_id: "integer", country_id: "integer" },
  factura_suppliers: { id: "integer", name: "varchar(200)" },
  users: { id: "integer" },
  prepayments: { id: "integer" },
  travel_expense_reports: { id: "integer", status: "requeststatus" },
  expenses: { id: "integer" },
  approval_history: { id: "integer" }
}

/** The same tables in development. */
const developed = Object.fromEntries(
  Object.entries(tables).map(([table, columns]) => {
    const more = Object.values(wanted.columns).filter((column) => column.table === table)
    const prepaid = table === "travel_expense_reports" ? { prepayment_id: "integer" } : {}
    return [table, { ...columns, ...prepaid, ...Object.fromEntries(more.map(({ name, type }) => [name, type])) }]
  })
)

/** Production in memory, with one row in each table. */
const makeProduction = () => {
  const world = PostgresWorld.make({
    tables,
    rows: Object.fromEntries(Object.keys(tables).map((table) => [table, 1])),
    unfilled: ["travel_expense_reports"],
    enums: {
      requeststatus: ["PENDING", "SUPERVISOR_PENDING", "ACCOUNTING_PENDING", "TREASURY_PENDING", "APPROVED", "REJECTED"]
    },
    schemas: {
      [wanted.schema]: {
        tables: developed,
        enums: { requeststatus: wanted.requestStatus, reporttype: ["PREPAYMENT", "REIMBURSEMENT"] }
      }
    },
    statements: Object.fromEntries(
      uniques.map(({ replaces, table }) => [
        `ALTER TABLE ${table} DROP CONSTRAINT ${replaces}`,
        (world: PostgresWorld.PostgresWorld) => void world.constraints.get(`public.${table}`)?.delete(replaces)
      ])
    ),
    queries: {
      "SELECT NOT EXISTS (SELECT FROM pg_constraint WHERE conname = $1)": (world, [name]) =>
        [...world.constraints.values()].every((them) => !them.has(String(name)))
    }
  })
  world.tables.get("public.travel_expense_reports")?.set("prepayment_id", { type: "integer", nullable: false })
  for (const { replaces, table } of uniques) {
    world.constraints.set(`public.${table}`, new Map([[replaces, narrower]]))
  }
  const rows = Object.fromEntries(master.map((table) => [`public.${table}`, 5]))
  world.exports.set("/srv/master-data", { takenAt: 0, rows })
  const memory = MemoryStore.layer(MemoryStore.make())
  const given = { inputs: variables, store: memory }
  return {
    world,
    plan: Rehearsal.plan(deployment, world.layer, { ...given, environment: "production" }),
    apply: Rehearsal.apply(deployment, world.layer, { ...given, environment: "production" }),
    stage: Rehearsal.apply(deployment, world.layer, { ...given, environment: "staging" })
  }
}

const narrower = {
  kind: "unique",
  valid: true,
  columns: ["name"],
  deferrable: false,
  deferred: false,
  nullsDistinct: true,
  definition: "UNIQUE (name)"
} as const

describe("a production that lacks what development has", () => {
  it.effect("is told of all of it before anything is changed", () =>
    Effect.gen(function* () {
      const { plan, world } = makeProduction()
      const planned = (yield* plan).plan
      const known = new Map(planned?.steps.map((step) => [step.id, step]))
      assert.deepStrictEqual(
        planned?.steps.filter(({ action }) => action === "blocked" || action === "none").map(({ id }) => id),
        ["database"]
      )
      assert.deepStrictEqual(
        known.get("requeststatus")?.changes.map(({ summary }) => summary.split(" ")[2]),
        [
          "APPROVED_FOR_REIMBURSEMENT",
          "FUNDS_RETURN_PENDING",
          "REVIEW_RETURN",
          "APPROVED_EXPENSES",
          "APPROVED_REPAID",
          "APPROVED_RETURNED_FUNDS"
        ]
      )
      assert.deepStrictEqual(known.get("suppliers.tax_name")?.changes, [
        {
          summary: "public.factura_suppliers: add column tax_name varchar(200)",
          after: "ACCESS EXCLUSIVE lock for a moment, no rows are read"
        },
        {
          summary: "public.factura_suppliers: fill column tax_name with name in batches, and then set NOT NULL",
          after: "ROW EXCLUSIVE lock, writes anew about 1 rows"
        }
      ])
      // Its column is not there yet.
      assert.strictEqual(known.get("categories.once")?.action, "deferred")
      assert.deepStrictEqual(world.log, [])
    })
  )

  it.effect("is backed up, and gets columns, constraints, labels and data in this order", () =>
    Effect.gen(function* () {
      const { apply, world } = makeProduction()
      const { applied, exitCode, failure } = yield* apply
      assert.deepStrictEqual([failure, exitCode], [undefined, 0])
      const order = [
        "backup",
        "reporttype",
        "reports.report_type",
        "reports.country",
        "categories.once",
        "requeststatus",
        "reports.returns",
        "approved-expenses",
        "master-data"
      ]
      assert.deepStrictEqual(
        applied.filter((id) => order.includes(id)),
        order
      )
      assert.strictEqual(world.backups.size, 1)
      assert.deepStrictEqual(world.enums.get("public.requeststatus"), wanted.requestStatus)
      assert.isFalse(world.tables.get("public.factura_suppliers")?.get("tax_name")?.nullable)
      assert.isTrue(world.tables.get("public.travel_expense_reports")?.get("prepayment_id")?.nullable)
      assert.deepStrictEqual([...(world.constraints.get("public.expense_categories")?.keys() ?? [])].sort(), [
        "_category_location_uc",
        "expense_categories_location_id_fkey"
      ])
      assert.strictEqual(world.rows.get("public.users"), 5)
    })
  )

  it.effect("has nothing left to do the second time, and gets again what somebody takes away", () =>
    Effect.gen(function* () {
      const { apply, world } = makeProduction()
      yield* apply
      assert.deepStrictEqual((yield* apply).applied, [])
      world.tables.get("public.expenses")?.delete("rejection_reason")
      world.constraints.get("public.travel_expense_reports")?.delete("travel_expense_reports_country_id_fkey")
      yield* TestClock.adjust("10 minutes")
      assert.deepStrictEqual((yield* apply).applied, ["backup", "expenses.rejection", "reports.country"])
    })
  )

  it.effect("ends with what somebody has done by hand, and nobody has written down", () =>
    Effect.gen(function* () {
      const { apply, world } = makeProduction()
      world.tables.get("public.expenses")?.set("by_hand", { type: "text", nullable: true })
      const { applied, exitCode, steps } = yield* apply
      assert.deepStrictEqual([exitCode, applied.at(-1)], [1, "master-data"])
      const { failure } = steps["no-drift"] ?? {}
      assert.strictEqual(failure?.code, "postgres.schema-drifted")
      assert.include(failure?.message, "public.expenses.by_hand")
      world.tables.get("public.expenses")?.delete("by_hand")
      yield* TestClock.adjust("10 minutes")
      assert.deepStrictEqual([(yield* apply).exitCode, (yield* apply).applied], [0, []])
    })
  )

  it.effect("is no backup's business where its data is disposable", () =>
    Effect.gen(function* () {
      const { stage, world } = makeProduction()
      const { exitCode, failure } = yield* stage
      assert.deepStrictEqual([failure, exitCode], [undefined, 0])
      assert.strictEqual(world.backups.size, 0)
    })
  )

  it.effect("refuses labels in another order, before anything is changed", () =>
    Effect.gen(function* () {
      const { apply, world } = makeProduction()
      world.enums.set("public.requeststatus", ["APPROVED", "PENDING"])
      const { applied, plan } = yield* apply
      assert.deepStrictEqual(applied, [])
      const step = plan?.steps.find(({ id }) => id === "requeststatus")
      assert.deepStrictEqual([step?.action, step?.failure?.code], ["blocked", "postgres.enum-conflict"])
    })
  )
})
