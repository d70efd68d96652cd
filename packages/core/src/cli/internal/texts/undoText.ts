import type { Interruption } from "../../../Records.ts"
import { interruptedText } from "../../../reporter/internal/head.ts"
import { wrap } from "../../../reporter/internal/text.ts"
import { type TextOptions, viewOf } from "../../../reporter/Options.ts"

/** What taking back an interrupted run will do, and what it cannot do. */
export const undoText = (
  about: { readonly deployment: string; readonly environment: string; readonly data: string },
  { begun, interrupted }: Interruption,
  options: TextOptions
): string => {
  const { now, paint, width } = viewOf(options)
  const column = Math.max(0, ...begun.map(({ step }) => step.length))
  // The last comes first: it is taken back first.
  const steps = [...begun].reverse().map(({ step, undo }) => {
    const said = undo ? "will be taken back" : "cannot be taken back, and stays"
    return `  ${undo ? paint.yellow("↶") : paint.dim("-")} ${step.padEnd(column)}   ${paint.dim(said)}`
  })
  const back = begun.filter(({ undo }) => undo).length
  const figures = [
    ...(back > 0 ? [paint.yellow(`${back} to take back`)] : []),
    ...(begun.length > back ? [`${begun.length - back} to stay`] : [])
  ]
  return [
    `${paint.bold(`${about.deployment} → ${about.environment}`)}   ${paint.yellow(`take back run ${interrupted.run}, data is ${about.data}`)}`,
    ...wrap(interruptedText(interrupted, now), width - 2).map((line) => `  ${line}`),
    "",
    ...(steps.length === 0 ? ["  it had not begun to apply anything"] : [...steps, "", `  ${figures.join(" · ")}`])
  ].join("\n")
}
