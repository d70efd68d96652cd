/** docs/lint.md is made of the table of rules and of their cases: `npx vitest -u` writes it anew. */
import { expect, it } from "@effect/vitest"
import { Lint } from "@shipshape/plugin-postgres"
import { type Case, cases } from "./cases.ts"

const intro = `# Looking at SQL before it is run

\`shipshape sql lint FILE…\` reads files of SQL with PostgreSQL's own grammar and says what fails, what keeps others waiting,
what breaks programs that are running, what is lost, and what does not do what it seems to do. It needs no deployment and
no server. \`-\` stands for standard input: \`python manage.py sqlmigrate shop 0007 | shipshape sql lint -\`.

\`\`\`console
$ shipshape sql lint migrations/*.sql
error[guard-is-null] this guard does not stop what it should: current_setting(…, true) is null where it is not set
  ╭─ migrations/rollback.sql:15:53
15 │     IF current_setting('my.confirm_rollback', true) != 'YES_I_WANT_TO_ROLLBACK' THEN
   │                                                     ^^
     why: What is compared with NULL is neither true nor false. An IF takes that for false and does
          not raise; a WHERE finds no rows; a CHECK lets all pass.
     instead: write IS DISTINCT FROM, IS NULL, or coalesce(…, '')

1 error in 1 file
\`\`\`

| flag | what it does |
| --- | --- |
| \`--against URL\` | asks the database that the statements are for, in one read-only transaction: types (widening a \`varchar\` is fine), checks, indexes, functions, sizes, and its version |
| \`--server-version N\` | says the version where there is no database to ask |
| \`--transaction\` | each file is run in one transaction, by whoever runs it; otherwise what stands between \`BEGIN\` and \`COMMIT\` is one, and the rest is autocommit |
| \`--trace\` | runs the files, one after the other, on a copy of the schema of \`--against\`, which has no rows and is dropped again, and says which locks each statement took, which tables it wrote anew, and where one failed; what reaches beyond the database (roles, databases, subscriptions, …) is left out |
| \`--json\` | prints \`[{ file, line, column, endLine, endColumn, rule, severity, message, why, hint }]\` and nothing else; lines and columns from 1, columns in characters |
| \`--sarif\` | prints SARIF 2.1.0, which GitHub shows beside the lines of a pull request |

It ends with 0; with 1 where a finding is an error, or where the server does not answer or a file is no text in UTF-8; and with 64
where the command line is wrong, also where it names a file that cannot be opened. With \`--json\`, what ends it early is printed as
\`{ "failure": { code, message, hint, … } }\`. A program calls \`Lint.lint(files, options)\` of \`@shipshape/plugin-postgres\`.

What Django's \`sqlmigrate\` prints can be given as it is: it has \`BEGIN\` and \`COMMIT\` unless the migration says \`atomic = False\`.
DO blocks, and constant texts that they execute, are looked into. A table that the file makes itself holds up nobody, and is
left out. psql's own lines and the data behind \`COPY … FROM stdin\` are skipped. A statement that cannot be parsed is one finding,
and the others are looked at all the same.

The size of a table is told and does not change how much a finding weighs: the database at hand is often not the largest.

## Accepting a finding

\`\`\`sql
-- shipshape-ignore ban-drop-column: no release since 2.3 reads it
ALTER TABLE orders DROP COLUMN legacy_total;
\`\`\`

The comment stands above the statement, behind it on the same line, or in it; within a DO block it is about the statement below.
Several rules are named with commas between them, and \`shipshape-ignore-file\` is about the whole file. squawk's
\`-- squawk-ignore rule\` is understood too. An ignore without a reason is not followed; that, an unknown rule, and an ignore that
matches nothing are findings themselves (\`bad-ignore\`).

A file with \`-- squawk-disable-assume-in-transaction\` in it is taken to run in no transaction of its own, also with \`--transaction\`.

## Rules

Rules that squawk has, too, have its names. Of squawk's rules these are not here: \`require-timeout-settings\`,
\`require-lock-timeout\` and \`require-statement-timeout\` (Shipshape sets both), \`require-table-schema\` and \`prefer-text-field\`.
\`prefer-bigint-over-int\` is also about \`smallint\`, and about primary keys only. \`prefer-robust-stmts\` is about what fails when it
is run again, which \`ENABLE ROW LEVEL SECURITY\` and \`SET NOT NULL\` do not. \`prefer-repack\` holds before PostgreSQL 19, too.
`

const sqlOf = (one: Case | undefined): string => {
  if (one === undefined) return ""
  const { sql, ...options } = typeof one === "string" ? { sql: one } : one
  const said = [
    ...("serverVersion" in options ? [`PostgreSQL ${options.serverVersion}`] : []),
    ...("inTransaction" in options ? ["--transaction"] : [])
  ]
  const lines = sql.replaceAll(/; (?=[A-Z])(?![^$]*END \$\$)/g, ";\n")
  return said.length === 0 ? lines : `-- ${said.join(", ")}\n${lines}`
}

const ruleText = ({ hint, name, severity, title, why }: Lint.Rule): string =>
  [`### ${name}`, "", `**${severity}**: ${title}.`, "", why, "", `Instead: ${hint}.`, "", ...examplesOf(name)].join(
    "\n"
  )

/** Those of trace() are about what a server does. */
const examplesOf = (name: string): ReadonlyArray<string> => {
  const known = cases[name]
  if (known === undefined) return ["Only `--trace` says it.", ""]
  return ["```sql", "-- is found", sqlOf(known.finds[0]), "-- is not", sqlOf(known.accepts[0]), "```", ""]
}

it("docs/lint.md tells every rule as it is", async () => {
  await expect([intro, ...Lint.rules.map(ruleText)].join("\n")).toMatchFileSnapshot("../../../../docs/lint.md")
})
