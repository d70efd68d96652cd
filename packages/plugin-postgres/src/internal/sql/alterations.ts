/** What the parts of an ALTER TABLE cost. Locks are those of `AlterTableGetLockLevel` in PostgreSQL's source. */
import type { AlterTableCmd, AlterTableStmt, ColumnDef, Constraint, Node } from "libpg-query"
import type { Hazard, Lock } from "../../Sql.ts"
import { type Circumstances, type Effect, hazard, isShared, locks, severityOfWork, sizeOf, together } from "./effect.ts"
import { field, relationOf, texts, walkFields } from "./nodes.ts"
import { typeChange } from "./typeChanges.ts"

/** What needs less than ACCESS EXCLUSIVE. */
const lighter: Readonly<Record<string, Lock>> = {
  AT_SetStatistics: "SHARE UPDATE EXCLUSIVE",
  AT_ClusterOn: "SHARE UPDATE EXCLUSIVE",
  AT_DropCluster: "SHARE UPDATE EXCLUSIVE",
  AT_SetOptions: "SHARE UPDATE EXCLUSIVE",
  AT_ResetOptions: "SHARE UPDATE EXCLUSIVE",
  AT_SetRelOptions: "SHARE UPDATE EXCLUSIVE",
  AT_ResetRelOptions: "SHARE UPDATE EXCLUSIVE",
  AT_ValidateConstraint: "SHARE UPDATE EXCLUSIVE",
  AT_DetachPartitionFinalize: "SHARE UPDATE EXCLUSIVE",
  AT_EnableTrig: "SHARE ROW EXCLUSIVE",
  AT_EnableAlwaysTrig: "SHARE ROW EXCLUSIVE",
  AT_EnableReplicaTrig: "SHARE ROW EXCLUSIVE",
  AT_EnableTrigAll: "SHARE ROW EXCLUSIVE",
  AT_EnableTrigUser: "SHARE ROW EXCLUSIVE",
  AT_DisableTrig: "SHARE ROW EXCLUSIVE",
  AT_DisableTrigAll: "SHARE ROW EXCLUSIVE",
  AT_DisableTrigUser: "SHARE ROW EXCLUSIVE"
}

const tableTypes: ReadonlySet<string | undefined> = new Set([
  "OBJECT_TABLE",
  "OBJECT_MATVIEW",
  "OBJECT_VIEW",
  "OBJECT_FOREIGN_TABLE"
])

export const alterTable = ({ cmds, objtype, relation }: AlterTableStmt, here: Circumstances): Effect => {
  const table = relationOf(relation)
  if (objtype === "OBJECT_TYPE") return together((cmds ?? []).map((cmd) => attribute(table, cmd, here)))
  if (!tableTypes.has(objtype)) return {}
  if (!isShared(table, here)) return together((cmds ?? []).map((cmd) => elsewhere(cmd, here)))
  return together(
    (cmds ?? []).flatMap((cmd) => ("AlterTableCmd" in cmd ? [alteration(table, cmd.AlterTableCmd, here)] : []))
  )
}

/** Columns of a composite type lose the values of the attribute that is dropped. */
const attribute = (type: string, cmd: Node, here: Circumstances): Effect => {
  if (here.made.has(type) || !("AlterTableCmd" in cmd) || cmd.AlterTableCmd.subtype !== "AT_DropColumn") return {}
  const { name = "" } = cmd.AlterTableCmd
  const message = `the values of attribute ${name} are gone, in each column of the type`
  return { dataLoss: true, hazards: [hazard("data-loss", `${type}.${name}`, message, "error")] }
}

/** What changing the file's own table does to others: a foreign key locks the table that it is about. */
const elsewhere = (cmd: Node, here: Circumstances): Effect => {
  const def = "AlterTableCmd" in cmd ? cmd.AlterTableCmd.def : undefined
  if (def === undefined || !("Constraint" in def) || def.Constraint.contype !== "CONSTR_FOREIGN") return {}
  return locks(relationOf(def.Constraint.pktable), "SHARE ROW EXCLUSIVE", here)
}

const alteration = (table: string, cmd: AlterTableCmd, here: Circumstances): Effect => {
  const { def, name = "", subtype = "" } = cmd
  const object = `${table}.${name}`
  const lock = lighter[subtype] ?? "ACCESS EXCLUSIVE"
  switch (subtype) {
    case "AT_AddColumn":
      return def !== undefined && "ColumnDef" in def ? addColumn(table, def.ColumnDef, here) : { lock }
    case "AT_DropColumn":
      return {
        lock,
        dataLoss: true,
        hazards: [hazard("data-loss", object, `the values of column ${name} are gone${sizeOf(table, here)}`, "error")]
      }
    case "AT_AlterColumnType":
      return def !== undefined && "ColumnDef" in def ? changeType(table, name, def.ColumnDef, here) : { lock }
    case "AT_SetNotNull":
      return {
        lock,
        hazards:
          here.catalog?.tables.get(table)?.notNullBy.includes(name) === true
            ? []
            : [
                reads(
                  table,
                  object,
                  "SET NOT NULL reads every row under ACCESS EXCLUSIVE, where no valid CHECK says that none is null",
                  here
                )
              ]
      }
    case "AT_AddConstraint":
      return def !== undefined && "Constraint" in def ? addConstraint(table, def.Constraint, here) : { lock }
    case "AT_DropConstraint":
      return { lock, hazards: [hazard("drop", object, `constraint ${name} is dropped`, "warning")] }
    case "AT_SetExpression":
    case "AT_SetLogged":
    case "AT_SetUnLogged":
    case "AT_SetAccessMethod":
    case "AT_SetTableSpace":
      return {
        lock,
        rewrite: true,
        hazards: [rewrites(table, table, "the whole table is written anew under ACCESS EXCLUSIVE", here)]
      }
    case "AT_AttachPartition": {
      const partition = def !== undefined && "PartitionCmd" in def ? relationOf(def.PartitionCmd.name) : table
      const own = here.major !== undefined && here.major < 12 ? lock : "SHARE UPDATE EXCLUSIVE"
      return together([{ lock: own }, locks(partition, "ACCESS EXCLUSIVE", here)])
    }
    case "AT_DetachPartition":
      return {
        lock:
          def !== undefined && "PartitionCmd" in def && def.PartitionCmd.concurrent === true
            ? "SHARE UPDATE EXCLUSIVE"
            : lock
      }
    default:
      return { lock }
  }
}

const reads = (table: string, object: string, message: string, here: Circumstances): Hazard =>
  hazard("lock", object, `${message}${sizeOf(table, here)}`, severityOfWork(table, here))

const rewrites = (table: string, object: string, message: string, here: Circumstances): Hazard =>
  hazard("rewrite", object, `${message}${sizeOf(table, here)}`, severityOfWork(table, here))

const addColumn = (table: string, column: ColumnDef, here: Circumstances): Effect => {
  const object = `${table}.${column.colname ?? ""}`
  const constraints = (column.constraints ?? []).flatMap((node) => ("Constraint" in node ? [node.Constraint] : []))
  const why = rewriteOfNewColumn(column, constraints, here)
  const own = constraints.filter(({ contype }) => contype !== "CONSTR_FOREIGN" && contype !== "CONSTR_CHECK")
  return together([
    { lock: "ACCESS EXCLUSIVE" },
    why === undefined
      ? {}
      : {
          rewrite: true,
          hazards: [rewrites(table, object, `the whole table is written anew under ACCESS EXCLUSIVE: ${why}`, here)]
        },
    ...constraints
      .filter((one) => !own.includes(one))
      // All rows have the same value, so a foreign key without a default has nothing to look up.
      .map((one) => locks(relationOf(one.pktable), "SHARE ROW EXCLUSIVE", here)),
    ...own
      .filter(({ contype }) => contype === "CONSTR_UNIQUE" || contype === "CONSTR_PRIMARY")
      .map((): Effect => ({ hazards: [reads(table, object, "its index is built under ACCESS EXCLUSIVE", here)] }))
  ])
}

const rewriteOfNewColumn = (
  { typeName }: ColumnDef,
  constraints: ReadonlyArray<Constraint>,
  here: Circumstances
): string | undefined => {
  const type = texts(typeName?.names).at(-1) ?? ""
  if (/^(small|big)?serial[248]?$/.test(type)) return "each row gets a number of its own"
  for (const { contype, generated_kind, raw_expr } of constraints) {
    if (contype === "CONSTR_IDENTITY") return "each row gets a number of its own"
    // 18 computes a virtual column when it is read.
    if (contype === "CONSTR_GENERATED" && generated_kind !== "v") return "each row gets a computed value"
    const culprit = contype === "CONSTR_DEFAULT" ? volatileIn(raw_expr, here) : undefined
    if (culprit !== undefined) return `the default calls ${culprit}, which may give each row another value`
    if (contype === "CONSTR_DEFAULT" && here.major !== undefined && here.major < 11) return "it has a default"
  }
  return undefined
}

/** Functions that give all rows of a statement the same, and are called in defaults often. */
const steady: ReadonlySet<string> = new Set([
  ...["now", "transaction_timestamp", "statement_timestamp", "lower", "upper", "concat", "coalesce", "md5", "to_char"],
  ...["json_build_object", "jsonb_build_object", "jsonb_build_array", "to_jsonb", "current_setting", "make_interval"],
  ...["array_fill", "length", "timezone", "date_trunc", "make_date", "decode", "encode", "to_timestamp", "date_part"]
])

/** A function in an expression that may be volatile. */
const volatileIn = (expression: Node | undefined, { catalog }: Circumstances): string | undefined => {
  const found: Array<string> = []
  walkFields({ expression }, (kind, fields) => {
    const name = kind === "FuncCall" ? field(fields, "funcname") : undefined
    if (Array.isArray(name)) found.push(texts(name).at(-1) ?? "")
  })
  return found.find((name) => catalog?.volatile.get(name) ?? !steady.has(name))
}

const changeType = (table: string, name: string, { raw_default, typeName }: ColumnDef, here: Circumstances): Effect => {
  const object = `${table}.${name}`
  const lock = "ACCESS EXCLUSIVE"
  const present = here.catalog?.tables.get(table)?.columns[name]
  if (present === undefined) {
    const message =
      "the whole table may be written anew under ACCESS EXCLUSIVE, and values may lose something: --against a server tells"
    return { lock, rewrite: true, hazards: [hazard("rewrite", object, message, "warning")] }
  }
  const { loss, rewrite } = typeChange(present, typeName, raw_default)
  return {
    lock,
    rewrite,
    dataLoss: loss !== undefined,
    hazards: [
      ...(rewrite ? [rewrites(table, object, "the whole table is written anew under ACCESS EXCLUSIVE", here)] : []),
      ...(loss === undefined ? [] : [hazard("data-loss", object, `values lose ${loss}`, "error")])
    ]
  }
}

const addConstraint = (table: string, constraint: Constraint, here: Circumstances): Effect => {
  const { conname, contype, indexname, pktable, skip_validation } = constraint
  const object = conname === undefined ? table : `${table}.${conname}`
  const later = "add it NOT VALID, and VALIDATE it in a later transaction"
  switch (contype) {
    case "CONSTR_FOREIGN": {
      const both = together([{ lock: "SHARE ROW EXCLUSIVE" }, locks(relationOf(pktable), "SHARE ROW EXCLUSIVE", here)])
      if (skip_validation === true) return both
      return {
        ...both,
        hazards: [reads(table, object, `the foreign key looks up every row under SHARE ROW EXCLUSIVE: ${later}`, here)]
      }
    }
    case "CONSTR_CHECK":
    case "CONSTR_NOTNULL":
      if (skip_validation === true) return { lock: "ACCESS EXCLUSIVE" }
      return {
        lock: "ACCESS EXCLUSIVE",
        hazards: [reads(table, object, `the check reads every row under ACCESS EXCLUSIVE: ${later}`, here)]
      }
    case "CONSTR_UNIQUE":
    case "CONSTR_PRIMARY":
      if (indexname !== undefined) return { lock: "ACCESS EXCLUSIVE" }
      return {
        lock: "ACCESS EXCLUSIVE",
        hazards: [
          reads(
            table,
            object,
            "its index is built under ACCESS EXCLUSIVE: build it CONCURRENTLY, and add the constraint USING INDEX",
            here
          )
        ]
      }
    case "CONSTR_EXCLUSION":
      return {
        lock: "ACCESS EXCLUSIVE",
        hazards: [reads(table, object, "its index is built under ACCESS EXCLUSIVE", here)]
      }
    default:
      return { lock: "ACCESS EXCLUSIVE" }
  }
}
