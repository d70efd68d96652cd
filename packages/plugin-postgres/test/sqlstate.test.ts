import { assert, it } from "@effect/vitest"
import { connectError, queryError } from "../src/internal/sqlstate.ts"

const where = { server: "the server", user: "app", database: "app", resource: undefined }
const said = (code: string) => Object.assign(new Error("what the server says"), { code, severity: "FATAL" })

it("an error of a connection is told by its SQLSTATE, with what to do", () => {
  const expected: ReadonlyArray<readonly [string, string, boolean]> = [
    ["57P03", "postgres.server-not-ready", true],
    ["57P01", "postgres.server-not-ready", true],
    ["28P01", "postgres.authentication-failed", false],
    ["28000", "postgres.authentication-failed", false],
    ["3D000", "postgres.database-missing", false],
    ["53300", "postgres.too-many-connections", true],
    ["42501", "postgres.statement-failed", false]
  ]
  for (const [sqlstate, code, retryable] of expected) {
    const error = connectError(where, said(sqlstate))
    assert.deepStrictEqual([error.code, error.retryable], [code, retryable], sqlstate)
    assert.isNotEmpty(error.hint)
  }
})

it("an error of a statement is told by its SQLSTATE, with what to do", () => {
  const expected: ReadonlyArray<readonly [string, string, boolean]> = [
    ["42501", "postgres.permission-denied", false],
    ["53100", "postgres.disk-full", true],
    ["55P03", "postgres.lock-timeout", true],
    ["57014", "postgres.statement-timeout", true],
    ["57P01", "postgres.connection-lost", true],
    ["08006", "postgres.connection-lost", true],
    ["25006", "postgres.not-read-only", false],
    ["40P01", "postgres.statement-failed", true],
    ["23505", "postgres.statement-failed", false]
  ]
  for (const [sqlstate, code, retryable] of expected) {
    const error = queryError(where, said(sqlstate))
    assert.deepStrictEqual([error.code, error.retryable], [code, retryable], sqlstate)
    assert.isNotEmpty(error.hint)
  }
})

it("a network's error is none of the server's, whatever its letters", () => {
  assert.strictEqual(connectError(where, { code: "EPIPE", message: "broken" }).code, "postgres.server-not-ready")
  assert.strictEqual(queryError(where, { code: "EPIPE", message: "broken" }).code, "postgres.connection-lost")
})
