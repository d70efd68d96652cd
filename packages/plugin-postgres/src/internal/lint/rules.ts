/** All rules, in the order in which they are listed. */
import * as addedColumns from "./rules/addedColumns.ts"
import * as backfills from "./rules/backfills.ts"
import * as bypasses from "./rules/bypasses.ts"
import * as checks from "./rules/checks.ts"
import { changingType } from "./rules/columnTypes.ts"
import * as deletes from "./rules/deletes.ts"
import { droppedDefault } from "./rules/droppedDefaults.ts"
import * as drops from "./rules/drops.ts"
import * as enums from "./rules/enums.ts"
import * as foreignKeys from "./rules/foreignKeys.ts"
import * as indexes from "./rules/indexes.ts"
import { invalidIndex } from "./rules/invalidIndexes.ts"
import { twice } from "./rules/namedTwice.ts"
import { tooLong } from "./rules/names.ts"
import { nullGuard } from "./rules/nullGuards.ts"
import * as outside from "./rules/outsideOfTransactions.ts"
import { precedence } from "./rules/precedence.ts"
import * as renames from "./rules/renames.ts"
import * as rewrites from "./rules/rewrites.ts"
import { robust } from "./rules/robust.ts"
import * as transactions from "./rules/transactions.ts"
import * as types from "./rules/types.ts"
import * as uniques from "./rules/uniques.ts"
import type { Rule } from "./script.ts"

export const rules: ReadonlyArray<Rule> = [
  // What fails.
  ...[outside.concurrently, outside.inTransaction, enums.usedInTransaction, addedColumns.required, twice],
  ...[transactions.nesting, transactions.uncommitted],
  // What keeps others waiting.
  ...[indexes.creation, indexes.deletion, indexes.reindex, indexes.detaching, rewrites.vacuumFull, rewrites.setting],
  ...[
    rewrites.refresh,
    changingType,
    addedColumns.withDefault,
    checks.notNull,
    checks.notValid,
    checks.domainConstraint
  ],
  ...[foreignKeys.addingForeignKey, uniques.unique, uniques.primaryKey, uniques.exclusion],
  ...[backfills.backfill, backfills.wholeUpdate],
  // What breaks programs that are running.
  ...[renames.column, renames.table, enums.renaming, droppedDefault, checks.dropNotNull],
  // What is lost.
  ...[drops.column, drops.table, drops.schema, drops.database, drops.cascade],
  ...[deletes.hidden, deletes.withoutWhere, deletes.truncateCascade],
  // What does not do what it seems to do.
  ...[nullGuard, precedence, bypasses.disabledTriggers, bypasses.catalogWrite, bypasses.swallowed, tooLong],
  ...[invalidIndex, enums.notIdempotent, robust],
  // What is regretted later.
  ...[foreignKeys.missingIndex, enums.order, checks.constrainedDomain, types.json, types.char, types.timestamp],
  ...[types.serial, types.smallKey]
]
