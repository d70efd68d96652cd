import { ago } from "../../../reporter/internal/figures.ts"

const two = (n: number): string => String(n).padStart(2, "0")

/** `2026-11-21 12:03`, in the time of who reads it. */
export const localTime = (at: number): string => {
  const date = new Date(at)
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-")
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`
}

/** `2026-11-21 12:03 (3 minutes ago)`. */
export const moment = (at: number, now: number): string => `${localTime(at)} (${ago(at, now)})`
