/** What a team changes between two deployments: the application's code, and a migration. */
import * as fs from "node:fs"
import * as path from "node:path"
import type { Project } from "./Project.ts"

/** Edits a file of the application; the text that is to go must be there. */
const edit = ({ directory }: Project, file: string, from: string, to: string): void => {
  const at = path.join(directory, file)
  const text = fs.readFileSync(at, "utf8")
  if (!text.includes(from)) throw new Error(`${file} does not contain ${from}`)
  fs.writeFileSync(at, text.replace(from, to))
}

/** Adds a migration of the app `documents`, after the last one that the example has. */
export const addMigration = ({ directory }: Project, name: string, operations: ReadonlyArray<string>): void =>
  fs.writeFileSync(
    path.join(directory, "backend/documents/migrations", `${name}.py`),
    `from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("documents", "0003_document_versions")]
    operations = [
        ${operations.join(",\n        ")},
    ]
`
  )

/** The second release: its health says so, and documents have a priority. */
export const secondRelease = (project: Project): void => {
  edit(project, "backend/edms/health.py", '"migrations": "applied"}', '"migrations": "applied", "edition": 2}')
  edit(
    project,
    "backend/documents/models.py",
    "    version = models.PositiveIntegerField(default=1)\n",
    "    version = models.PositiveIntegerField(default=1)\n    priority = models.PositiveIntegerField(null=True)\n"
  )
  addMigration(project, "0004_priority", [
    'migrations.AddField("document", "priority", models.PositiveIntegerField(null=True))'
  ])
}
