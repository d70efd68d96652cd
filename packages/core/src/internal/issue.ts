import type * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"

const format = SchemaIssue.makeFormatterStandardSchemaV1()

/** A schema's complaint as one line: the path of each field, and what is wrong with it. */
export const formatIssue = (error: SchemaIssue.Issue | Schema.SchemaError): string =>
  problems(error)
    .map(({ message, path }) => (path === "" ? message : `${path}: ${message}`))
    .join("; ")

/** The complaints one by one. */
const problems = (
  error: SchemaIssue.Issue | Schema.SchemaError
): ReadonlyArray<{ readonly path: string; readonly message: string }> =>
  format(SchemaIssue.isIssue(error) ? error : error.issue).issues.map((issue) => ({
    path: (issue.path ?? [])
      .map((key, i) => (typeof key === "number" ? `[${key}]` : `${i === 0 ? "" : "."}${String(key)}`))
      .join(""),
    message: issue.message
  }))
