/** A plan of SQL as text. */
import { styleText } from "node:util"
import type { Hazard } from "../../Sql.ts"
import { counted } from "../counted.ts"
import type { PlannedScript, PlannedStatement } from "../sql/plan.ts"

interface View {
  readonly color: boolean
  readonly width: number
  readonly verbose: boolean
}

type Format = Parameters<typeof styleText>[0]

const colours: Readonly<Record<Hazard["severity"], Format>> = { error: "red", warning: "yellow", notice: "cyan" }

/** Renders a plan: units in their order, what each statement costs, and what should be known. */
export const planText = (file: string, { hazards, units }: PlannedScript, { color, verbose, width }: View): string => {
  const paint = (format: Format, text: string) => (color ? styleText(format, text, { validateStream: false }) : text)
  const statements = units.flatMap((unit) => unit.statements)
  const gutter = String(Math.max(1, ...statements.map(({ line }) => line))).length
  const body = (statement: PlannedStatement): ReadonlyArray<string> => {
    const lines = verbose ? statement.sql.split("\n") : [oneLine(statement.sql)]
    const costs = costsOf(statement)
    const room = width - gutter - 6
    return [
      ...lines.map((line, i) => {
        const number = i === 0 ? String(statement.line) : ""
        return `    ${paint("dim", number.padStart(gutter))}  ${verbose ? line : cutTo(line, room)}`
      }),
      ...(costs.length === 0
        ? []
        : [
            `    ${" ".repeat(gutter)}  ${costs.map(([format, text]) => paint(format, text)).join(paint("dim", " · "))}`
          ])
    ]
  }
  const blocks = units.flatMap((unit, i) => [
    `  ${paint("bold", `${i + 1}  ${unit.transaction ? "transaction" : "autocommit"}`)}${unit.transaction && unit.statements.length > 1 ? paint("dim", `   ${unit.statements.length} statements, all or none`) : ""}`,
    ...unit.statements.flatMap(body),
    ""
  ])
  const wide = Math.max(0, ...hazards.map(({ severity }) => severity.length))
  const told = hazards.map(({ kind, message, object, severity }) => {
    const label = `${severity.padEnd(wide)}  ${kind}  ${object}`
    return `  ${paint(colours[severity], label)}\n${wrap(message, width - wide - 4)
      .map((line) => `  ${" ".repeat(wide)}  ${line}`)
      .join("\n")}`
  })
  return [
    paint("bold", `${file}`),
    "",
    ...blocks,
    ...told,
    ...(told.length === 0 ? [] : [""]),
    `  ${summary(units.length, statements.length, hazards)}`
  ].join("\n")
}

const costsOf = ({ data, dataLoss, lock, rewrite }: PlannedStatement): ReadonlyArray<readonly [Format, string]> => [
  ...(lock === undefined ? [] : [[isStrong(lock) ? "yellow" : "dim", lock] as const]),
  ...(rewrite === true ? [["yellow", "rewrites the table"] as const] : []),
  ...(dataLoss === true ? [["red", "loses data"] as const] : []),
  ...(data === undefined ? [] : [["dim", counted(Math.max(0, data.split("\n").length - 2), "row")] as const])
]

const isStrong = (lock: string): boolean =>
  lock === "ACCESS EXCLUSIVE" || lock === "EXCLUSIVE" || lock.startsWith("SHARE ROW") || lock === "SHARE"

const summary = (units: number, statements: number, hazards: ReadonlyArray<Hazard>): string => {
  const count = (severity: Hazard["severity"]) => hazards.filter((one) => one.severity === severity).length
  const said = (["error", "warning", "notice"] as const).flatMap((severity) =>
    count(severity) === 0 ? [] : [counted(count(severity), severity)]
  )
  return [
    statements === 0 ? "no statements" : `${counted(statements, "statement")} in ${counted(units, "unit")}`,
    ...said
  ].join(" · ")
}

const oneLine = (sql: string): string => sql.replace(/\s+/g, " ")

const cutTo = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(1, width - 1))}…`

const wrap = (text: string, width: number): ReadonlyArray<string> => {
  const lines: Array<string> = [""]
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1) ?? ""
    if (last !== "" && last.length + word.length + 1 > width) lines.push(word)
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`
  }
  return lines
}
