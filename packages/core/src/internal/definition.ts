import type { Instruction } from "../Step.ts"

const idPattern = /^[A-Za-z0-9][A-Za-z0-9._/-]*$/

/** What is wrong with the steps of a deployment, for one environment. */
export const definitionProblems = (
  name: string,
  instructions: ReadonlyArray<Instruction<unknown, unknown, unknown, unknown, string>>,
  unyielded: ReadonlySet<{ readonly id: string }>,
  inputs: ReadonlyArray<string>
): ReadonlyArray<string> => {
  const problems: Array<string> = []
  if (!idPattern.test(name)) problems.push(`its name “${name}” must be letters, digits, and ._/- after the first`)
  const seen = new Set<string>()
  const known = new Set(inputs.map((input) => `input:${input}`))
  for (const instruction of instructions) {
    for (const { id, sources, type } of instruction.steps) {
      if (!idPattern.test(id))
        problems.push(`step id “${id}” (${type}) must be letters, digits, and ._/- after the first`)
      if (seen.has(id)) problems.push(`step id “${id}” is used twice: give one of them another id`)
      seen.add(id)
      for (const source of sources) {
        if (!known.has(source))
          problems.push(`step “${id}” uses the output of “${source}”, which does not come before it`)
      }
    }
    // The steps of a group do not see each other's outputs.
    for (const { id } of instruction.steps) known.add(id)
  }
  for (const { id } of unyielded)
    problems.push(`step “${id}” is built but never yielded: write \`yield* …("${id}", …)\``)
  return problems
}
