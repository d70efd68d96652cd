/** What changing a column's type costs. */
import type { Node, TypeName } from "libpg-query"
import type { ColumnFacts } from "./catalog.ts"
import { texts } from "./nodes.ts"

export interface TypeChange {
  readonly rewrite: boolean
  /** What is lost of values; `undefined` where nothing is. */
  readonly loss: string | undefined
}

/** A type by its internal name, with what stands in brackets behind it. */
interface Type {
  readonly name: string
  readonly numbers: ReadonlyArray<number>
}

const wantedType = (type: TypeName | undefined): Type => ({
  name: `${texts(type?.names).at(-1) ?? ""}${(type?.arrayBounds?.length ?? 0) > 0 ? "[]" : ""}`,
  numbers: (type?.typmods ?? []).flatMap((node) => ("A_Const" in node ? (node.A_Const.ival?.ival ?? 0) : []))
})

const presentType = ({ modifier, type }: ColumnFacts): Type => {
  const name = type.startsWith("_") ? `${type.slice(1)}[]` : type
  if (modifier < 0) return { name, numbers: [] }
  if (name === "numeric") {
    const scale = (modifier - 4) & 0x7ff
    return { name, numbers: [((modifier - 4) >> 16) & 0xffff, scale] }
  }
  return { name, numbers: [name === "varchar" || name === "bpchar" ? modifier - 4 : modifier] }
}

/** Types that hold what the other one held, byte for byte. */
const sameBytes: ReadonlySet<string> = new Set(["varchar text", "text varchar", "cidr inet", "varbit bit", "xml text"])

const texty: ReadonlySet<string> = new Set(["varchar", "text"])

/** Conversions that round or cut off. */
const losing: Readonly<Record<string, string>> = {
  "timestamptz date": "the time of day",
  "timestamp date": "the time of day",
  "timestamptz time": "the date",
  "timestamp time": "the date",
  "timestamptz timestamp": "the time zone",
  "float8 float4": "digits",
  "numeric float8": "digits",
  "numeric float4": "digits",
  "float8 numeric": "digits",
  "numeric int2": "decimals",
  "numeric int4": "decimals",
  "numeric int8": "decimals",
  "float8 int2": "decimals",
  "float8 int4": "decimals",
  "float8 int8": "decimals",
  "float4 int2": "decimals",
  "float4 int4": "decimals",
  "float4 int8": "decimals"
}

/** `using` is whether values are converted by an expression of their own. */
export const typeChange = (present: ColumnFacts, type: TypeName | undefined, using: Node | undefined): TypeChange => {
  const [from, to] = [presentType(present), wantedType(type)]
  const loss = losing[`${from.name} ${to.name}`] ?? narrowing(from, to, using !== undefined)
  return { rewrite: using !== undefined || !isFree(from, to), loss }
}

const isFree = (from: Type, to: Type): boolean => {
  const [was, is] = [from.numbers[0], to.numbers[0]]
  if (texty.has(from.name) && texty.has(to.name)) return is === undefined || (was !== undefined && is >= was)
  if (from.name !== to.name) return sameBytes.has(`${from.name} ${to.name}`)
  // A character that is padded is written with its padding.
  if (from.name === "bpchar" || from.name === "bit") return was === is
  if (is === undefined) return true
  if (was === undefined) return false
  return is >= was && (from.name !== "numeric" || (from.numbers[1] ?? 0) === (to.numbers[1] ?? 0))
}

/** Without an expression PostgreSQL refuses values that are too long; with one it cuts them off. Decimals it rounds. */
const narrowing = (from: Type, to: Type, using: boolean): string | undefined => {
  const [was, is] = [from.numbers[0], to.numbers[0]]
  if (from.name === "numeric" && to.name === "numeric" && is !== undefined) {
    const [decimals, before] = [to.numbers[1] ?? 0, from.numbers[1]]
    return before === undefined || decimals < before ? "decimals" : undefined
  }
  const isText = texty.has(from.name) || from.name === "bpchar"
  if (using && isText && (texty.has(to.name) || to.name === "bpchar") && is !== undefined) {
    return was === undefined || is < was ? "the end of values that are longer" : undefined
  }
  const isTime = from.name.startsWith("timestamp") && to.name.startsWith("timestamp")
  return isTime && is !== undefined && (was === undefined || is < was) ? "fractions of seconds" : undefined
}
