/** The other names of types that people write most. */
const aliases: Readonly<Record<string, string>> = {
  int: "integer",
  int2: "smallint",
  int4: "integer",
  int8: "bigint",
  bool: "boolean",
  float4: "real",
  float8: "double precision",
  decimal: "numeric",
  varchar: "character varying",
  char: "character",
  timestamp: "timestamp without time zone",
  timestamptz: "timestamp with time zone",
  time: "time without time zone",
  timetz: "time with time zone"
}

/** The type as PostgreSQL writes it. */
export const canonicalType = (written: string): string => {
  const [, name = written, rest = ""] = /^([^([]*?)\s*([([].*)?$/.exec(written.trim().replace(/\s+/g, " ")) ?? []
  const canonical = aliases[name.toLowerCase()]
  return `${canonical ?? name}${rest.replace(/\s*,\s*/g, ",")}`
}
