/**
 * What is known of an enum.
 *
 * @since 0.1.0
 */

/**
 * A column of an enum, or of an array of it.
 *
 * @since 0.1.0
 */
export interface EnumColumn {
  readonly schema: string
  readonly table: string
  readonly column: string
  readonly isArray: boolean
  /** An SQL expression. */
  readonly default?: string
  /** An estimate; -1 where the server has none yet. */
  readonly rows: number
}

/**
 * How many rows of a column hold a label.
 *
 * @since 0.1.0
 */
export interface HeldLabel {
  readonly column: EnumColumn
  readonly label: string
  readonly rows: number
}

/**
 * What uses an enum.
 *
 * @since 0.1.0
 */
export interface EnumUses {
  readonly columns: ReadonlyArray<EnumColumn>
  /** What cannot be converted by itself: views, checks, functions, indexes of expressions, as the server describes them. */
  readonly dependents: ReadonlyArray<string>
  /** Rows that hold one of the labels that were asked for. */
  readonly held: ReadonlyArray<HeldLabel>
}

/**
 * An enum that takes the place of the one of its name.
 *
 * @since 0.1.0
 */
export interface EnumReplacement {
  readonly labels: ReadonlyArray<string>
  /** What rows hold afterwards, by the label that goes. */
  readonly values: Readonly<Record<string, string>>
}
