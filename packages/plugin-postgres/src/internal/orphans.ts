/**
 * A run that is killed leaves its last statement to the server, which goes on with it, and may commit it after the next
 * run has looked. So the sessions that change something have the server look whether they are still there, and whoever
 * looks waits until the statements of others have ended, or have shown that somebody waits for them.
 */
import { randomUUID } from "node:crypto"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { QueryError } from "../PostgresError.ts"
import { applicationName, type Connection, type Rows, type Statement } from "./connect.ts"

/** How often the server looks whether who has asked for a statement is still there, in milliseconds. */
const noticeMillis = 250

/** A statement that has gone on for so long has somebody who waits for it. */
const patienceMillis = 4 * noticeMillis

const pollMillis = 50

const prefix = `${applicationName} writing`

/** A name that no other session has. */
export const writerName = (): string => `${prefix} ${randomUUID().slice(0, 8)}`

/**
 * Has the server end what this session does once its client is gone. PostgreSQL before 14, and some systems, cannot; a
 * connection that has broken already is known by using it.
 */
export const endWithClient = (connection: Connection): Effect.Effect<void> =>
  Effect.asVoid(Effect.exit(connection.query(setInterval)))

const setInterval: Statement = {
  text: "SELECT set_config(name, $1, false) FROM pg_settings WHERE name = 'client_connection_check_interval'",
  values: [String(noticeMillis)]
}

/** Asks which other sessions of this user in this database may still change something. */
const writers = (own: string): Statement => ({
  text: `SELECT pid::text || ' ' || backend_start::text AS writer FROM pg_stat_activity
    WHERE datname = current_database() AND usename = session_user AND application_name LIKE $1
      AND NOT starts_with(application_name, $2)`,
  values: [`${prefix} %`, own]
})

/**
 * Makes a question wait: it is asked together with the one for others, and anew until none is left that may be an orphan.
 */
export const makeWaiting = (own: string) => {
  const question = writers(own)
  const alive = new Set<string>()
  const suspects = (answer: Exit.Exit<Rows, QueryError>): ReadonlyArray<string> =>
    Exit.isSuccess(answer) ? answer.value.rows.map(({ writer }) => String(writer)).filter((one) => !alive.has(one)) : []
  return <E>(
    ask: (statements: ReadonlyArray<Statement>) => Effect.Effect<ReadonlyArray<Exit.Exit<Rows, QueryError>>, E>
  ) =>
    Effect.fnUntraced(function* (statements: ReadonlyArray<Statement>) {
      const begun = yield* Clock.currentTimeMillis
      while (true) {
        const [first, ...answers] = yield* ask([question, ...statements])
        const left = first === undefined ? [] : suspects(first)
        if (left.length === 0) return answers
        if ((yield* Clock.currentTimeMillis) - begun < patienceMillis) yield* Effect.sleep(pollMillis)
        else for (const writer of left) alive.add(writer)
      }
    })
}
