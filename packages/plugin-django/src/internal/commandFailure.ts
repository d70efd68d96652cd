import type { Target } from "@shipshape/core"
import { ManagementCommandFailed, MigrationFailed } from "../DjangoError.ts"

const tailLength = 20

const tailOf = ({ stderr, stdout }: Target.CommandFailed): ReadonlyArray<string> =>
  `${stdout}\n${stderr}`
    .split("\n")
    .filter((line) => line.trim() !== "")
    .slice(-tailLength)

/** What went wrong: the line of a traceback that names the exception, which hints may follow; else the last line. */
const reasonOf = (error: Target.CommandFailed): string => {
  const raised = [...error.stderr.matchAll(/^ {2}File ".*\n(?:[ \t].*\n)*(\S.*)/gm)].at(-1)?.[1]
  return raised ?? tailOf(error).at(-1)?.trim() ?? "it said nothing"
}

/** A command of manage.py that failed. */
export const commandFailed = (command: string, error: Target.CommandFailed): ManagementCommandFailed =>
  new ManagementCommandFailed({
    exitCode: error.exitCode,
    message: `manage.py ${command} ended with exit code ${error.exitCode}: ${reasonOf(error)}`,
    hint: `correct what it names, then run again; by hand: ${error.command}`,
    retryable: true,
    tail: tailOf(error)
  })

/** The migration that was announced last and is not reported as done. */
const failingMigration = (stdout: string): string => {
  const announced = [...stdout.matchAll(/(?:Applying|Unapplying) (\S+)\.\.\.(?:\s*(OK|FAKED))?/g)].at(-1)
  return announced !== undefined && announced[2] === undefined ? (announced[1] ?? "") : ""
}

/** A migration that failed, by its name. */
export const migrationFailed = (error: Target.CommandFailed): MigrationFailed => {
  const migration = failingMigration(error.stdout)
  return new MigrationFailed({
    migration,
    message: `${migration === "" ? "manage.py migrate" : `migration ${migration}`} failed: ${reasonOf(error)}`,
    hint: "those before it are done; correct it or the data it meets, then run again",
    tail: tailOf(error)
  })
}
