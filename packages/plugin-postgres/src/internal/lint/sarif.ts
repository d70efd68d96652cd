/** Findings as SARIF 2.1.0, which GitHub shows beside the lines of a pull request. */
import * as path from "node:path"
import type { Finding } from "./run.ts"
import type { Rule, Severity } from "./script.ts"

const levels = { error: "error", warning: "warning", notice: "note" } as const satisfies Record<Severity, string>

/** By a path from the folder in which it was asked, as the repository is checked out there. */
const uriOf = (file: string, directory: string): string => {
  const relative = path.relative(directory, path.resolve(directory, file))
  return encodeURI(relative.split(path.sep).join("/"))
}

export const sarif = (
  findings: ReadonlyArray<Finding>,
  rules: ReadonlyArray<Omit<Rule, "check">>,
  directory: string
): object => {
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "shipshape sql lint",
            rules: rules.map(({ hint, name, severity, title, why }) => ({
              id: name,
              shortDescription: { text: title },
              fullDescription: { text: why },
              help: { text: `${why}\n\nInstead: ${hint}` },
              defaultConfiguration: { level: levels[severity] }
            }))
          }
        },
        columnKind: "unicodeCodePoints",
        results: findings.map(({ column, endColumn, endLine, file, hint, line, message, rule, severity }) => ({
          ruleId: rule,
          ruleIndex: rules.findIndex(({ name }) => name === rule),
          level: levels[severity],
          message: { text: `${message}. Instead: ${hint}` },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: uriOf(file, directory) },
                region: { startLine: line, startColumn: column, endLine, endColumn }
              }
            }
          ]
        }))
      }
    ]
  }
}
