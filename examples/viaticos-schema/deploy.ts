/**
 * Production lacks columns, constraints and enum labels that development has: it gets them, in an order that works, behind
 * a backup that was restored once to see that it can be; and then the master data. At the end its whole schema is held against
 * that of development.
 *
 *   VIATICOS_DATABASE_URL=postgres://… VIATICOS_MASTER_DATA=… VIATICOS_BACKUPS=… node deploy.ts plan --env production
 */
import { defineDeployment, FileStore, Input } from "@shipshape/core"
import { main } from "@shipshape/core/cli"
import { Data, Postgres } from "@shipshape/plugin-postgres"
import * as wanted from "./wanted.ts"

/** Hashes of development are worth nothing here: whoever is new sets a password first. */
const withoutPassword = Data.transform("1", (row) => ({ ...row, password: "!", force_password_change: true }))

const deployment = defineDeployment(
  "viaticos-schema",
  {
    environments: { staging: { data: "disposable" }, production: { data: "precious" } },
    inputs: {
      url: Input.secret("VIATICOS_DATABASE_URL", { description: "postgres://user:password@host:5432/viaticos" }),
      masterData: Input.string("VIATICOS_MASTER_DATA", { description: "the folder that export.ts has written" }),
      backups: Input.string("VIATICOS_BACKUPS", { default: "/var/backups/viaticos" }),
      state: Input.string("VIATICOS_STATE", { default: ".shipshape", description: "lock, journal and releases" })
    },
    plugins: ({ inputs }) => [Postgres.server({ url: inputs.url })],
    store: ({ inputs }) => FileStore.plugin({ directory: inputs.state })
  },
  function* ({ environment, inputs }) {
    yield* Postgres.ready("database", {})
    if (environment.data === "precious") {
      yield* Postgres.backup("backup", { directory: inputs.backups, drill: true, keep: 14, maxAge: "1 hour" })
    }

    // Columns; the type of one of them first.
    yield* Postgres.enum("reporttype", { name: "reporttype", labels: ["PREPAYMENT", "REIMBURSEMENT"] })
    for (const [id, column] of Object.entries(wanted.columns)) yield* Postgres.column(id, column)

    // Constraints. What becomes wider goes once the wider one is there.
    for (const [id, key] of Object.entries(wanted.foreignKeys)) yield* Postgres.foreignKey(id, key)
    for (const [id, { replaces, ...unique }] of Object.entries(wanted.uniques)) {
      yield* Postgres.unique(id, unique)
      yield* Postgres.sql(`${id}.narrower`, {
        apply: `ALTER TABLE ${unique.table} DROP CONSTRAINT ${replaces}`,
        done: "SELECT NOT EXISTS (SELECT FROM pg_constraint WHERE conname = $1)",
        doneParams: [replaces]
      })
    }
    yield* Postgres.index("categories.by-location", {
      table: "expense_categories",
      name: "idx_expense_categories_location_id",
      columns: ["location_id"]
    })

    // Labels, each by itself, and what uses them.
    yield* Postgres.enum("requeststatus", { name: "requeststatus", labels: wanted.requestStatus })
    yield* Postgres.index("reports.returns", {
      table: "travel_expense_reports",
      name: "idx_travel_expense_reports_return_status",
      columns: ["status"],
      where: "status IN ('FUNDS_RETURN_PENDING', 'REVIEW_RETURN')"
    })

    // Data.
    yield* Postgres.backfill("approved-expenses", {
      table: "travel_expense_reports",
      set: { status: "'APPROVED_EXPENSES'" },
      where: "status = 'APPROVED' AND prepayment_id IS NOT NULL"
    })
    yield* Postgres.importData("master-data", {
      directory: inputs.masterData,
      tables: [
        // In any order: they are filled in that of their foreign keys.
        {
          table: "users",
          transform: withoutPassword,
          existing: "keep",
          initial: ["password", "force_password_change"]
        },
        "factura_suppliers",
        "expense_categories",
        "locations",
        "countries",
        "currencies"
      ]
    })

    // Nothing is forgotten here, and nobody has done anything by hand.
    yield* Postgres.compare("no-drift", { expected: wanted.schema, mode: "verify" })
  }
)

export default deployment

if (import.meta.main) await main(deployment)
