/** What comparing two schemas of 1,000 tables costs, beside two bare `pg_dump -s`. */
import { execFileSync, spawnSync } from "node:child_process"
import * as path from "node:path"
import * as system from "../packages/plugin-postgres/test/support/system.ts"
import { table, time } from "./lib/measure.ts"

const size = 1_000

/** Tables that hold on to each other; every tenth of the second schema has changed. */
const schemaOf = (isSecond: boolean): string =>
  Array.from({ length: size }, (_, n) => {
    const isChanged = isSecond && n % 10 === 0
    return `CREATE TABLE t${n} (id bigint PRIMARY KEY, name text NOT NULL DEFAULT 'x', total numeric(12,2) CHECK (total >= 0), at timestamptz DEFAULT now(),
      kind varchar(${isChanged ? 40 : 20}), note text${isChanged ? ", extra int DEFAULT 7" : ""}${n === 0 ? "" : `, parent bigint REFERENCES t${n - 1}`});
      CREATE INDEX i${n} ON t${n} (name${isChanged ? ", kind" : ""}); COMMENT ON TABLE t${n} IS 'number ${n}';
      ${n % 5 === 0 ? `CREATE VIEW v${n} AS SELECT id, name FROM t${n} WHERE total > 0;` : ""}`
  }).join("\n")

/** In a process of its own, so that its memory can be told from that of the benchmark. */
const program = (urls: ReadonlyArray<string>): string => `
import { Compare } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
const began = performance.now()
const script = await Effect.runPromise(Compare.compare(${JSON.stringify({ from: urls[0], to: urls[1] })}))
console.log(JSON.stringify({
  ms: performance.now() - began,
  mb: process.resourceUsage().maxRSS / 1024,
  statements: script.units.reduce((n, unit) => n + unit.statements.length, 0)
}))`

export const benchCompare = async (): Promise<void> => {
  const { programs } = system
  if (programs === undefined) return console.log("\nComparing schemas: left out, as no PostgreSQL is installed")
  const server = await system.start()
  try {
    const names = [await server.createDatabase(), await server.createDatabase()]
    for (const [i, name] of names.entries()) await server.sql(name, schemaOf(i === 1))
    const urls = names.map(
      (name) =>
        `postgres://${server.user}@127.0.0.1/${encodeURIComponent(name)}?host=${encodeURIComponent(server.host)}`
    )
    const compared = Array.from({ length: 3 }, () => {
      const { stderr, stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", program(urls)], {
        cwd: path.join(import.meta.dirname, "../packages/plugin-postgres"),
        encoding: "utf8"
      })
      if (stdout === "") throw new Error(stderr)
      const answer: { readonly ms: number; readonly mb: number; readonly statements: number } = JSON.parse(stdout)
      return answer
    }).sort((a, b) => a.ms - b.ms)
    const env = { PGHOST: server.host, PGUSER: server.user }
    const dumped = await time(3, () => {
      for (const name of names) {
        execFileSync(path.join(programs, "pg_dump"), ["--schema-only"], {
          env: { ...env, PGDATABASE: name },
          maxBuffer: 1e9
        })
      }
    })
    const [, median] = compared
    table(
      `Comparing two schemas of ${size} tables, of which every tenth differs (medians)`,
      ["", "ms", "MB", "statements"],
      [
        ["Compare.compare", median?.ms ?? Number.NaN, median?.mb ?? Number.NaN, String(median?.statements)],
        ["two pg_dump --schema-only", dumped, "", ""]
      ]
    )
  } finally {
    await server.stop()
  }
}
