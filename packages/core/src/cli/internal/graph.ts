import type { Deployment } from "../../Deployment.ts"

/** The steps as a Mermaid diagram: thick arrows are the order, groups run concurrently, thin arrows carry outputs. */
export const graphText = (deployment: Deployment.Any, environment: string): string => {
  const { instructions } = deployment.blueprint(environment)
  const names = new Map(
    instructions.flatMap((instruction) => instruction.steps).map((step, i) => [step.id, `s${i}`] as const)
  )
  const name = (id: string): string => names.get(id) ?? id
  const lines: Array<string> = [`---`, `title: ${deployment.name} → ${environment}`, `---`, `flowchart TD`]
  let before: string | undefined
  let groups = 0
  for (const { steps } of instructions) {
    if (steps.length === 0) continue
    const nodes = steps.map((step) => `${name(step.id)}["${step.id}<br/><small>${step.type}</small>"]`)
    const [only] = steps
    const here = steps.length === 1 && only !== undefined ? name(only.id) : `g${groups++}`
    if (steps.length === 1) lines.push(...nodes.map((node) => `  ${node}`))
    else lines.push(`  subgraph ${here} ["in parallel"]`, ...nodes.map((node) => `    ${node}`), "  end")
    if (before !== undefined) lines.push(`  ${before} ==> ${here}`)
    before = here
  }
  for (const step of instructions.flatMap((instruction) => instruction.steps)) {
    for (const source of step.sources) {
      if (names.has(source)) lines.push(`  ${name(source)} -.-> ${name(step.id)}`)
    }
  }
  return lines.join("\n")
}
