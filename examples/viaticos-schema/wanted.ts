/** What the application expects of its database, and production has not. */
import * as path from "node:path"

/** All of it, as development has it. */
export const schema = path.join(import.meta.dirname, "schema", "development.sql")

export const requestStatus = [
  "PENDING",
  "SUPERVISOR_PENDING",
  "ACCOUNTING_PENDING",
  "TREASURY_PENDING",
  "APPROVED_FOR_REIMBURSEMENT",
  "FUNDS_RETURN_PENDING",
  "REVIEW_RETURN",
  "APPROVED",
  "APPROVED_EXPENSES",
  "APPROVED_REPAID",
  "APPROVED_RETURNED_FUNDS",
  "REJECTED"
] as const

const reports = "travel_expense_reports"

/** By step. In this order, as the order of a table's columns is compared too. */
export const columns = {
  // Reports of what was paid without a prepayment.
  "reports.prepayment_id": { table: reports, name: "prepayment_id", type: "integer", nullable: true },
  "reports.report_type": {
    table: reports,
    name: "report_type",
    type: "reporttype",
    nullable: false,
    default: "'PREPAYMENT'"
  },
  "reports.reason": { table: reports, name: "reason", type: "text" },
  "reports.country_id": { table: reports, name: "country_id", type: "integer" },
  "reports.currency_id": { table: reports, name: "currency_id", type: "integer" },
  "reports.start_date": { table: reports, name: "start_date", type: "date" },
  "reports.end_date": { table: reports, name: "end_date", type: "date" },
  "reports.return_number": { table: reports, name: "return_document_number", type: "varchar(100)" },
  "reports.return_files": { table: reports, name: "return_document_files", type: "json" },
  "prepayments.rejection": { table: "prepayments", name: "rejection_reason", type: "text" },
  "expenses.rejection": { table: "expenses", name: "rejection_reason", type: "varchar(300)" },
  "history.rejections": { table: "approval_history", name: "expense_rejections", type: "text" },
  // What rows that are there get is worked out, in batches.
  "suppliers.tax_name": {
    table: "factura_suppliers",
    name: "tax_name",
    type: "varchar(200)",
    nullable: false,
    fill: "name"
  },
  "categories.location_id": {
    table: "expense_categories",
    name: "location_id",
    type: "integer",
    nullable: false,
    fill: "(SELECT min(id) FROM locations)"
  },
  "alerts.currency_id": {
    table: "category_country_alerts",
    name: "currency_id",
    type: "integer",
    nullable: false,
    fill: "(SELECT c.currency_id FROM countries c WHERE c.id = country_id)"
  },
  "alerts.message": { table: "category_country_alerts", name: "alert_message", type: "text" }
} as const

const referring = (table: string, column: string, to: string) => ({
  table,
  name: `${table}_${column}_fkey`,
  columns: [column],
  references: { table: to }
})

export const foreignKeys = {
  "reports.country": referring(reports, "country_id", "countries"),
  "reports.currency": referring(reports, "currency_id", "currencies"),
  "categories.location": referring("expense_categories", "location_id", "locations"),
  "alerts.currency": referring("category_country_alerts", "currency_id", "currencies")
}

/** Each takes the place of a narrower one. */
export const uniques = {
  "categories.once": {
    table: "expense_categories",
    name: "_category_location_uc",
    columns: ["name", "location_id"],
    replaces: "expense_categories_name_key"
  },
  "alerts.once": {
    table: "category_country_alerts",
    name: "_category_country_currency_alert_uc",
    columns: ["category_id", "country_id", "currency_id"],
    replaces: "_category_country_alert_uc"
  }
} as const
