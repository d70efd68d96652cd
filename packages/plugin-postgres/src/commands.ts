/**
 * The commands that the plugin adds to the command line. They need no deployment.
 *
 * @since 0.1.0
 */
import type { CommandGroup } from "@shipshape/core/cli"
import { schemaDiff } from "./internal/cli/schemaDiff.ts"
import { sqlLint } from "./internal/cli/sqlLint.ts"
import { sqlPlan } from "./internal/cli/sqlPlan.ts"

/**
 * `shipshape sql …`: about files of SQL.
 *
 * @example
 * ```ts
 * import { sql } from "@shipshape/plugin-postgres/commands"
 * import assert from "node:assert"
 *
 * assert.ok("lint" in sql.commands)
 * ```
 *
 * @since 0.1.0
 */
export const sql: CommandGroup = {
  description: "Look at files of SQL before they are run.",
  commands: { plan: sqlPlan, lint: sqlLint }
}

/**
 * `shipshape schema …`: about whole schemas.
 *
 * @example
 * ```ts
 * import { schema } from "@shipshape/plugin-postgres/commands"
 * import assert from "node:assert"
 *
 * assert.deepEqual(Object.keys(schema.commands), ["diff"])
 * ```
 *
 * @since 0.1.0
 */
export const schema: CommandGroup = {
  description: "Compare schemas.",
  commands: { diff: schemaDiff }
}
