import type { BackupProof } from "../../BackupProof.ts"

const units = [
  { millis: 86_400_000, long: "day", short: "d" },
  { millis: 3_600_000, long: "hour", short: "h" },
  { millis: 60_000, long: "minute", short: "min" },
  { millis: 1_000, long: "second", short: "s" }
] as const

const unitOf = (millis: number): { readonly n: number; readonly long: string; readonly short: string } | undefined => {
  const unit = units.find((one) => millis >= one.millis)
  return unit === undefined ? undefined : { ...unit, n: Math.floor(millis / unit.millis) }
}

/** `3 minutes ago`. */
export const ago = (then: number, now: number): string => {
  const found = unitOf(now - then)
  return found === undefined ? "just now" : `${found.n} ${found.long}${found.n === 1 ? "" : "s"} ago`
}

const short = (then: number, now: number): string | undefined => {
  const found = unitOf(now - then)
  return found === undefined ? undefined : `${found.n} ${found.short}`
}

/** `3 h ago`, where there is little room. */
export const shortAgo = (then: number, now: number): string => {
  const span = short(then, now)
  return span === undefined ? "just now" : `${span} ago`
}

/** `3 h old`. */
const age = (then: number, now: number): string => {
  const span = short(then, now)
  return span === undefined ? "new" : `${span} old`
}

/** `81 kB`: in powers of a thousand, as disks are sold. */
const size = (bytes: number): string => {
  if (bytes < 1_000) return `${bytes} B`
  const power = Math.min(4, Math.floor(Math.log10(bytes) / 3))
  const value = bytes / 1_000 ** power
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${["B", "kB", "MB", "GB", "TB"][power]}`
}

/** `12,345`. */
const grouped = (n: number): string => n.toLocaleString("en-US")

const counted = (n: number, one: string): string => `${grouped(n)} ${one}${n === 1 ? "" : "s"}`

/** `81 kB, 41 tables, 12,345 rows, 3 h old, sha256 9f86…`. */
export const proofText = ({ archive, bytes, drilled, rows, sha256, takenAt }: BackupProof, now: number): string =>
  [
    size(bytes),
    ...(archive.entries === 0
      ? []
      : [
          counted(archive.tables, "table"),
          counted(
            Object.values(rows).reduce((sum, n) => sum + n, 0),
            "row"
          )
        ]),
    age(takenAt, now),
    ...(drilled === true ? ["restored as a drill"] : []),
    `sha256 ${sha256.slice(0, 4)}…`
  ].join(", ")
