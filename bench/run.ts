/**
 * Prints what Shipshape costs. `npm run bench`, or `npm run bench -- import steps` for some of it; `--scale=0.1` takes a
 * tenth of the rows of a database.
 */
import * as path from "node:path"
import { benchBackup } from "./backup.ts"
import { benchCompare } from "./compare.ts"
import { benchEdms } from "./edms.ts"
import { benchImport } from "./import.ts"
import { benchJournal } from "./journal.ts"
import { benchPostgresSteps } from "./postgresSteps.ts"
import { benchRows } from "./rows.ts"
import { benchSecrets } from "./secrets.ts"
import { benchSteps } from "./steps.ts"
import { benchTypes } from "./types.ts"

const root = path.dirname(import.meta.dirname)

const all: Readonly<Record<string, () => Promise<void>>> = {
  import: benchImport,
  journal: benchJournal,
  rows: benchRows,
  backup: benchBackup,
  secrets: benchSecrets,
  steps: benchSteps,
  "postgres-steps": benchPostgresSteps,
  compare: benchCompare,
  types: () => benchTypes(root),
  edms: benchEdms
}

const chosen = process.argv.slice(2).filter((word) => !word.startsWith("--scale="))
const unknown = chosen.filter((name) => all[name] === undefined)
if (unknown.length > 0) {
  console.error(`no such benchmark: ${unknown.join(", ")}; there are: ${Object.keys(all).join(", ")}`)
  process.exit(64)
}
for (const [name, bench] of Object.entries(all)) if (chosen.length === 0 || chosen.includes(name)) await bench()
