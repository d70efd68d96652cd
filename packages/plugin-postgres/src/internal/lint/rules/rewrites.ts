/** Whole tables written anew on purpose. */
import * as ast from "../../sql/nodes.ts"
import { alterations } from "../alterations.ts"
import { sizeOf } from "../catalog.ts"
import { head, type Rule } from "../script.ts"

export const vacuumFull: Rule = {
  name: "prefer-repack",
  severity: "error",
  title: "VACUUM FULL or CLUSTER",
  why: "The whole table is written anew under an ACCESS EXCLUSIVE lock: nobody reads or writes until that is done, and the disk must hold it twice.",
  hint: "a plain VACUUM makes room for new rows; to give the disk back use pg_repack, or from PostgreSQL 19 REPACK (CONCURRENTLY)",
  *check(statement, { catalog }) {
    const { node } = statement
    if ("ClusterStmt" in node) {
      const table = ast.tableOf(node.ClusterStmt.relation) || "every table"
      yield {
        ...head(statement, 1),
        table,
        message: `CLUSTER locks ${table}${sizeOf(catalog, table)} and writes it anew`
      }
    }
    if (!("VacuumStmt" in node)) return
    const { options, rels = [] } = node.VacuumStmt
    if (!ast.isOn(ast.optionOf(options, "full"), false)) return
    const names = rels.flatMap((one) => ("VacuumRelation" in one ? ast.tableOf(one.VacuumRelation.relation) : []))
    for (const table of names.length === 0 ? ["every table"] : names) {
      yield {
        ...head(statement, 2),
        table,
        message: `VACUUM FULL locks ${table}${sizeOf(catalog, table)} and writes it anew`
      }
    }
  }
}

const rewriting: Readonly<Record<string, string>> = {
  AT_SetTableSpace: "moving it to another tablespace",
  AT_SetLogged: "SET LOGGED",
  AT_SetUnLogged: "SET UNLOGGED",
  AT_SetAccessMethod: "another access method"
}

export const setting: Rule = {
  name: "rewriting-table",
  severity: "error",
  title: "a setting of a table that writes it anew",
  why: "The whole table is written anew under an ACCESS EXCLUSIVE lock: nobody reads or writes until that is done.",
  hint: "do it in a maintenance window, or fill a new table that takes the old one's place",
  *check(statement, { catalog }) {
    for (const { command, range, table } of alterations(statement)) {
      const what = rewriting[command.subtype ?? ""]
      if (what !== undefined)
        yield { ...range, table, message: `${what} writes ${table}${sizeOf(catalog, table)} anew` }
    }
  }
}

export const refresh: Rule = {
  name: "require-concurrent-refresh",
  severity: "warning",
  title: "REFRESH MATERIALIZED VIEW without CONCURRENTLY",
  why: "Nobody can read the view until it is filled.",
  hint: "write REFRESH MATERIALIZED VIEW CONCURRENTLY, for which the view needs a unique index",
  *check(statement) {
    if (!("RefreshMatViewStmt" in statement.node)) return
    const { concurrent, relation, skipData } = statement.node.RefreshMatViewStmt
    if (concurrent === true || skipData === true) return
    yield { ...head(statement, 3), message: `nobody can read ${ast.tableOf(relation)} until it is filled` }
  }
}
