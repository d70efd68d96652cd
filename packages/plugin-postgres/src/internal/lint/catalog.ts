/** What a database holds that statements are judged by. */

export interface CatalogTable {
  /** As the server estimates it; negative where it has never looked. */
  readonly rows: number
  readonly bytes: number
  readonly columns: ReadonlyMap<string, CatalogColumn>
  readonly indexes: ReadonlyArray<CatalogIndex>
  /** Columns that a validated check says are not null. */
  readonly neverNull: ReadonlySet<string>
}

export interface CatalogColumn {
  /** As `format_type` says it: `character varying(20)`. */
  readonly type: string
  readonly notNull: boolean
}

export interface CatalogIndex {
  readonly name: string
  /** In their order; where an expression stands, an empty name. */
  readonly columns: ReadonlyArray<string>
  readonly isPartial: boolean
  readonly isValid: boolean
}

export interface Catalog {
  /** The server's major version. */
  readonly version: number
  /** By name, with the schema where that is not `public`. */
  readonly tables: ReadonlyMap<string, CatalogTable>
  /** Those that say their volatility: `v`, `s` or `i`; where a name has several, the worst. */
  readonly functions: ReadonlyMap<string, string>
  /** Domains with a constraint. */
  readonly constrainedDomains: ReadonlySet<string>
}

/** How large a table is, in words; empty where that is not known. */
export const sizeOf = (catalog: Catalog | undefined, table: string): string => {
  const found = catalog?.tables.get(table)
  if (found === undefined || found.rows < 0) return ""
  const megabytes = found.bytes / 1_048_576
  const size = megabytes < 1 ? "less than 1 MB" : `${megabytes.toFixed(0)} MB`
  return ` (about ${found.rows.toLocaleString("en-US")} rows, ${size})`
}
