import type { HttpResponse } from "../HealthProbe.ts"
import type { Unhealthy } from "./patience.ts"

/** A plain value of a JSON document. */
type Scalar = string | number | boolean | null

/** What a body must hold. */
type Body =
  | { readonly contains: string }
  | { readonly matches: RegExp }
  | { readonly json: Readonly<Record<string, Scalar>> }

/** Which status an answer may have: one, one of a list, or one of a range. */
type Status = number | ReadonlyArray<number> | { readonly from: number; readonly to: number }

/** What an answer must be like. */
export interface Expectation {
  readonly status: Status
  readonly headers?: Readonly<Record<string, string | RegExp>>
  readonly body?: Body
  readonly minDaysLeft?: number
}

const bodyLines = 8
const lineLength = 160
const dayMillis = 24 * 60 * 60 * 1000

/** What an answer lacks; `undefined` where it is as it should be. */
export const unmet = (response: HttpResponse, expected: Expectation, now: number): Unhealthy | undefined => {
  const found =
    wrongStatus(response, expected.status) ??
    wrongHeader(response, expected.headers ?? {}) ??
    (expected.body === undefined ? undefined : wrongBody(response.body, expected.body)) ??
    (expected.minDaysLeft === undefined ? undefined : endsSoon(response, expected.minDaysLeft, now))
  return found === undefined
    ? undefined
    : { ...found, lines: [`HTTP ${response.status}`, ...firstLines(response.body)] }
}

/** Whether a pattern is in a text, whatever the pattern's flags remember of the last time. */
export const isIn = (pattern: RegExp, text: string): boolean => text.search(pattern) >= 0

const firstLines = (body: string): ReadonlyArray<string> =>
  body
    .split("\n")
    .filter((line) => line.trim() !== "")
    .slice(0, bodyLines)
    .map((line) => (line.length > lineLength ? `${line.slice(0, lineLength)}…` : line))

const wrongStatus = ({ headers, status }: HttpResponse, expected: Status): Unhealthy | undefined => {
  const isRight =
    typeof expected === "number"
      ? status === expected
      : "from" in expected
        ? status >= expected.from && status <= expected.to
        : expected.includes(status)
  if (isRight) return undefined
  const wanted =
    typeof expected === "number"
      ? `${expected}`
      : "from" in expected
        ? `${expected.from} to ${expected.to}`
        : expected.join(" or ")
  const to = headers.location === undefined ? "" : `, a redirect to ${headers.location}`
  return { reason: `it answered ${status}${to}, not ${wanted}`, hint: hintFor(status) }
}

const hintFor = (status: number): string => {
  if (status >= 300 && status < 400) return "check the URL it redirects to, or set `followRedirects: true`"
  if (status === 400) return "the application may refuse the host's name: look at its list of allowed hosts"
  if (status === 401 || status === 403) return "check a URL that needs no login, or give `requestHeaders`"
  if (status === 404) return "correct the URL's path, slash at its end included, or the proxy's routes"
  if (status === 502 || status === 503 || status === 504) {
    return "the proxy cannot reach what is behind it: see whether that runs, and read its log"
  }
  return status >= 500 ? "the application failed: read its log" : "try the URL by hand, and correct the URL or `status`"
}

const wrongHeader = (
  response: HttpResponse,
  expected: Readonly<Record<string, string | RegExp>>
): Unhealthy | undefined => {
  for (const [header, value] of Object.entries(expected)) {
    const found = response.headers[header.toLowerCase()]
    const isRight = found !== undefined && (typeof value === "string" ? found === value : isIn(value, found))
    if (isRight) continue
    const wanted = typeof value === "string" ? `“${value}”` : `${value}`
    return {
      reason: `its header ${header} is ${found === undefined ? "missing" : `“${found}”`}, not ${wanted}`,
      hint: "something else may answer there: check which server it is, and how it is configured"
    }
  }
  return undefined
}

const wrongBody = (text: string, expected: Body): Unhealthy | undefined => {
  const hint = "something else may answer there, or the application is not ready: look at the body below"
  if ("contains" in expected) {
    return text.includes(expected.contains) ? undefined : { reason: `its body has no “${expected.contains}”`, hint }
  }
  if ("matches" in expected) {
    return isIn(expected.matches, text) ? undefined : { reason: `its body does not match ${expected.matches}`, hint }
  }
  const parsed = parse(text)
  if (parsed === undefined) return { reason: "its body is not JSON", hint }
  for (const [path, value] of Object.entries(expected.json)) {
    const found = at(parsed.value, path)
    if (found === value) continue
    const is = found === undefined ? "missing" : JSON.stringify(found)
    return {
      reason: `“${path}” in its body is ${is}, not ${JSON.stringify(value)}`,
      hint: "the application says itself what is not ready: look at the body below, and at its log"
    }
  }
  return undefined
}

const parse = (text: string): { readonly value: unknown } | undefined => {
  try {
    return { value: JSON.parse(text) }
  } catch {
    // Not JSON is an answer here: the caller says so.
    return undefined
  }
}

/** The value at a path of keys and positions, as in `checks.0.ok`. */
const at = (value: unknown, path: string): unknown =>
  path
    .split(".")
    .reduce<unknown>(
      (inner, key) => (typeof inner === "object" && inner !== null ? Reflect.get(inner, key) : undefined),
      value
    )

const endsSoon = ({ certificateEnds }: HttpResponse, minDaysLeft: number, now: number): Unhealthy | undefined => {
  const hint = "renew the certificate, and see why it was not renewed by itself"
  if (certificateEnds === undefined) return { reason: "it has no certificate", hint: "write https in the URL" }
  const days = Math.floor((certificateEnds - now) / dayMillis)
  return days >= minDaysLeft
    ? undefined
    : { reason: `its certificate ends in ${days} days, and ${minDaysLeft} must be left`, hint, final: true }
}
