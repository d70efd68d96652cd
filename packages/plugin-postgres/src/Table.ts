/**
 * What is known of a table, and what may be changed of it.
 *
 * @since 0.1.0
 */
import type { QualifiedName } from "./PostgresProbe.ts"

/**
 * A column as the server describes it.
 *
 * @since 0.1.0
 */
export interface ColumnDefinition {
  /** As PostgreSQL writes it: `character varying(200)`. */
  readonly type: string
  readonly nullable: boolean
  /** An SQL expression. */
  readonly default?: string
  /** Where it is not the type's own. */
  readonly collation?: string
}

/**
 * A constraint, as the server describes it or a step wants it.
 *
 * @since 0.1.0
 */
export interface Constraint {
  readonly kind: "check" | "unique" | "primary" | "foreign" | "exclusion" | "not-null" | "trigger"
  /** Whether it is known to hold for rows that were there before it. */
  readonly valid: boolean
  readonly columns: ReadonlyArray<string>
  /** That of a check. */
  readonly expression?: string
  readonly references?: {
    readonly schema: string
    readonly table: string
    readonly columns: ReadonlyArray<string>
    readonly onDelete: string
    readonly onUpdate: string
  }
  readonly deferrable: boolean
  readonly deferred: boolean
  readonly nullsDistinct: boolean
  /** As SQL, without its name. */
  readonly definition: string
}

/**
 * A column or an expression of an index, and how it is ordered.
 *
 * @since 0.1.0
 */
export interface IndexKey {
  readonly column?: string
  readonly expression?: string
  readonly descending: boolean
  readonly nullsFirst: boolean
  /** The operator class, where it is not the type's own. */
  readonly operators?: string
  /** Where it is not the column's own. */
  readonly collation?: string
}

/**
 * An index, as the server describes it or a step wants it.
 *
 * @since 0.1.0
 */
export interface Index {
  /** Whether it is complete: one whose concurrent build was interrupted is not, and is of no use. */
  readonly valid: boolean
  readonly unique: boolean
  readonly method: string
  readonly keys: ReadonlyArray<IndexKey>
  readonly include: ReadonlyArray<string>
  /** An SQL expression. */
  readonly predicate?: string
  readonly nullsDistinct: boolean
  /** The constraint that has made it. */
  readonly constraint?: string
}

/**
 * What is known of a table.
 *
 * @since 0.1.0
 */
export interface TableFacts {
  readonly partitioned: boolean
  /** An estimate; -1 where the server has none yet. */
  readonly rows: number
  /** What it takes on the disk, without its indexes. */
  readonly bytes: number
  readonly columns: Readonly<Record<string, ColumnDefinition>>
  readonly constraints: Readonly<Record<string, Constraint>>
  readonly indexes: Readonly<Record<string, Index>>
}

/**
 * Rows that are to be changed in batches, each committed by itself.
 *
 * @since 0.1.0
 */
export interface Backfill {
  readonly table: QualifiedName
  /** SQL expressions by column. */
  readonly set: Readonly<Record<string, string>>
  /** An SQL expression that holds for rows that are still to be changed. */
  readonly where: string
  /** About how many rows one batch changes. */
  readonly batch: number
}

/**
 * One change of a table, which leaves it usable while it goes on as far as PostgreSQL can.
 *
 * @since 0.1.0
 */
export type TableChange =
  | {
      readonly _tag: "SetDefault"
      readonly table: QualifiedName
      readonly column: string
      readonly default: string | null
    }
  | { readonly _tag: "SetNullable"; readonly table: QualifiedName; readonly column: string; readonly nullable: boolean }
  | { readonly _tag: "SetType"; readonly table: QualifiedName; readonly column: string; readonly type: string }
  | {
      readonly _tag: "AddConstraint"
      readonly table: QualifiedName
      readonly name: string
      readonly constraint: Constraint
      /** Uses an index that is there, and becomes its owner. */
      readonly index?: string
    }
  | {
      readonly _tag: "ValidateConstraint"
      readonly table: QualifiedName
      readonly name: string
      /** The column of which it proves that each row has something in it. */
      readonly notNull?: string
    }
  | { readonly _tag: "DropConstraint"; readonly table: QualifiedName; readonly name: string }
  /** Drops the constraint of a name, and gives the name to another one. */
  | { readonly _tag: "SwapConstraint"; readonly table: QualifiedName; readonly name: string; readonly by: string }
  | {
      readonly _tag: "CreateIndex"
      readonly table: QualifiedName
      readonly name: string
      readonly index: Index
      /** Does not keep others from writing. Tables with partitions cannot. */
      readonly concurrently: boolean
    }
  | { readonly _tag: "DropIndex"; readonly table: QualifiedName; readonly name: string; readonly concurrently: boolean }
  /** Drops the index of a name, and gives the name to another one. */
  | { readonly _tag: "SwapIndex"; readonly table: QualifiedName; readonly name: string; readonly by: string }
  | { readonly _tag: "Backfill"; readonly backfill: Backfill }
