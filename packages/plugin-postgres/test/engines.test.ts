import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Check, Command, defineDeployment, Look, Step, Target } from "@shipshape/core"
import { MemoryStore, Rehearsal } from "@shipshape/core/testing"
import { BackupEngine } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import pg from "pg"
import { afterAll } from "vitest"
import { programs } from "./support/system.ts"

const root = fs.mkdtempSync(path.join(os.tmpdir(), "shipshape-engines-"))
afterAll(() => fs.rmSync(root, { recursive: true, force: true }))

/** As pgBackRest 2.45 prints it. */
const info = (backups: ReadonlyArray<object>, status = { code: 0, message: "ok" }) =>
  JSON.stringify([{ archive: [], backup: backups, cipher: "none", db: [], name: "main", repo: [], status }])

const backupAt = (label: string, start: number, error: boolean | null = false) => ({
  archive: { start: "000000010000000000000002", stop: "000000010000000000000002" },
  backrest: { format: 5, version: "2.45" },
  error,
  info: { delta: 22992374, repository: { delta: 3043376, size: 3043376 }, size: 22992374 },
  label,
  lsn: { start: "0/2000028", stop: "0/2000100" },
  prior: null,
  timestamp: { start, stop: start + 6 },
  type: "full"
})

describe("what an engine prints is read", () => {
  const { read } = BackupEngine.pgBackRest({ stanza: "main" })

  it("of pgBackRest", () => {
    const found = read(info([backupAt("20261121-182008F", 1795285208), backupAt("20261121-182100F", 1795285260, true)]))
    assert(found._tag === "Success")
    assert.deepStrictEqual(
      found.success.map(({ sha256: _, ...rest }) => rest),
      [
        { name: "20261121-182008F", takenAt: 1795285208000, bytes: 3043376 },
        {
          name: "20261121-182100F",
          takenAt: 1795285260000,
          bytes: 3043376,
          problem: "pgBackRest has found pages in it whose checksum is wrong"
        }
      ]
    )
    assert.strictEqual(new Set(found.success.map(({ sha256 }) => sha256)).size, 2)
    const none = read(info([], { code: 2, message: "no valid backups" }))
    assert.deepStrictEqual(none._tag === "Success" && none.success, [])
  })

  it("of pgBackRest, also where it cannot say anything", () => {
    const refused: ReadonlyArray<readonly [string, RegExp]> = [
      [info([], { code: 1, message: "missing stanza path" }), /stanza main: missing stanza path/],
      [info([backupAt("a", 1)], { code: 99, message: "other" }), /stanza main: other/],
      ["[]", /it knows no stanza main/],
      ["", /JSON/],
      [JSON.stringify([{ name: "main", backup: [{ label: 1 }], status: { code: 0, message: "" } }]), /string/]
    ]
    for (const [printed, message] of refused) {
      const found = read(printed)
      assert.match(found._tag === "Failure" ? found.failure : "it was read", message)
    }
  })

  it("of WAL-G", () => {
    const { read } = BackupEngine.walG({ data: "/data" })
    for (const printed of ["", "null", "[]"]) {
      const found = read(printed)
      assert.deepStrictEqual(found._tag === "Success" && found.success, [])
    }
    const undated = read(JSON.stringify([walGBackup("base_1", "never")]))
    assert.match(undated._tag === "Failure" ? undated.failure : "", /base_1 was begun at no time/)
    assert.strictEqual(read("No backups")._tag, "Failure")
  })
})

/** As WAL-G 3 prints it. */
const walGBackup = (name: string, start: string) => ({
  backup_name: name,
  time: start,
  wal_file_name: "000000010000000000000004",
  storage_name: "default",
  start_time: start,
  finish_time: start,
  date_fmt: "%Y-%m-%dT%H:%M:%S.%fZ",
  hostname: "db",
  data_dir: "/data",
  pg_version: 170002,
  start_lsn: 67108904,
  finish_lsn: 67109152,
  is_permanent: false,
  system_identifier: 7328900011223344000,
  uncompressed_size: 31457280,
  compressed_size: 3145728
})

/** A program that does what WAL-G does, as far as it is asked: its state is a file. */
const standIn = () => {
  const folder = fs.mkdtempSync(path.join(root, "walg-"))
  const [program, state, log] = ["wal-g", "state.json", "log"].map((name) => path.join(folder, name))
  fs.writeFileSync(
    program ?? "",
    `#!${process.execPath}
const fs = require("node:fs")
const [config, command, ...rest] = process.argv.slice(2)
fs.appendFileSync(${JSON.stringify(log)}, [config, command, ...rest].join(" ") + "\\n")
const state = fs.existsSync(${JSON.stringify(state)}) ? JSON.parse(fs.readFileSync(${JSON.stringify(state)}, "utf8")) : []
const backup = ${walGBackup.toString()}
if (command === "backup-list") {
  if (state.length === 0) console.error("INFO: No backups found")
  else console.log(JSON.stringify(state))
} else if (command === "backup-push") {
  if (fs.existsSync(${JSON.stringify(`${state}.broken`)})) {
    console.error("ERROR: failed to upload: access denied")
    process.exit(1)
  }
  const n = state.length + 1
  fs.writeFileSync(${JSON.stringify(state)}, JSON.stringify([...state, backup("base_00000001000000000000000" + n, new Date().toISOString())]))
}
`,
    { mode: 0o755 }
  )
  return { program, state: state ?? "", log: log ?? "", record: path.join(folder, "restored.json") }
}

/** A deployment whose data are precious, with a step that changes them. */
const shop = (engine: BackupEngine.Commands) => {
  let version = 0
  const change = Step.make("test.change", {
    description: "A change of data",
    risk: "reversible",
    alters: "data",
    input: { version: Schema.Int },
    output: {},
    check: (input) =>
      Effect.sync(() => (version === input.version ? Check.satisfied({}) : Check.needed([{ summary: "change" }]))),
    apply: (input) =>
      Effect.sync(() => {
        version = input.version
      })
  })
  const store = MemoryStore.layer(MemoryStore.make())
  const apply = (to: number, rollback?: { readonly to: number; readonly data: boolean }) =>
    Rehearsal.apply(
      defineDeployment(
        "shop",
        {
          environments: { production: { data: "precious" } },
          plugins: () => [BackupEngine.plugin(BackupEngine.byCommands(engine))]
        },
        function* () {
          yield* BackupEngine.backup("backup", { maxAge: "1 day" })
          yield* change("change", { version: to })
        }
      ),
      Layer.provideMerge(BackupEngine.byCommands(engine), Target.local()),
      { environment: "production", store, ...(rollback === undefined ? {} : { rollback }) }
    )
  return { apply, version: () => version }
}

describe("a backup by an engine", () => {
  it.live("is taken by the run that changes precious data, and restored when that is taken back", () =>
    Effect.gen(function* () {
      const { log, program, record, state } = standIn()
      const engine = BackupEngine.walG({
        data: "/data",
        program,
        arguments: ["--config=/etc/wal-g.yaml"],
        restore: {
          record,
          commands: (name) => [Command.make(program ?? "", ["--config=/etc/wal-g.yaml", "backup-fetch", "/data", name])]
        }
      })
      const { apply, version } = shop(engine)
      const first = yield* apply(1)
      assert.deepStrictEqual([first.failure, first.applied], [undefined, ["backup", "change"]])
      // There is a young one, and it is not one of this run.
      const second = yield* apply(2)
      assert.deepStrictEqual([second.failure, second.applied], [undefined, ["backup", "change"]])
      assert.strictEqual(JSON.parse(fs.readFileSync(state, "utf8")).length, 2)
      // Nothing to change: no backup.
      const third = yield* apply(2)
      assert.deepStrictEqual([third.failure, third.applied], [undefined, []])
      const back = yield* apply(1, { to: 1, data: true })
      assert.deepStrictEqual([back.failure, version()], [undefined, 1])
      const lines = fs.readFileSync(log, "utf8").trim().split("\n")
      assert.deepStrictEqual(
        lines
          .filter((line) => !line.includes("backup-list"))
          .map((line) => line.replace("--config=/etc/wal-g.yaml ", "")),
        [
          "backup-push /data",
          "backup-push /data",
          "backup-push /data",
          "backup-fetch /data base_000000010000000000000002"
        ]
      )
    })
  )

  it.live("that fails leaves the data as they are, and says what the engine has said", () =>
    Effect.gen(function* () {
      const { program, state } = standIn()
      fs.writeFileSync(`${state}.broken`, "")
      const { apply, version } = shop(BackupEngine.walG({ data: "/data", program, arguments: ["--config=x"] }))
      const { applied, failure } = yield* apply(1)
      assert.deepStrictEqual([applied, version()], [[], 0])
      assert.include(JSON.stringify(failure), "access denied")
    })
  )

  it.live("is passed over where the engine has found it damaged, or where it is too old", () =>
    Effect.gen(function* () {
      const now = Math.floor(Date.now() / 1_000)
      const look = (backups: ReadonlyArray<object>) => {
        const engine = {
          ...BackupEngine.pgBackRest({ stanza: "main" }),
          list: Command.make("printf", ["%s", info(backups)])
        }
        return Effect.flatMap(
          Effect.fromResult(BackupEngine.backup("b", {}).prepare(new Map())),
          ({ check }) => check
        ).pipe(
          Effect.provide(Layer.provide(BackupEngine.byCommands(engine), Target.local())),
          Effect.provideService(Look.Current, Look.make())
        )
      }
      const young = yield* look([backupAt("old", now - 90_000), backupAt("young", now - 60)])
      assert.strictEqual(young._tag === "Satisfied" && young.output.file, "pgBackRest main: young")
      const damaged = yield* look([backupAt("old", now - 90_000), backupAt("young", now - 60, true)])
      assert(damaged._tag === "Needed")
      assert.deepStrictEqual(
        damaged.changes.map(({ summary }) => summary),
        [
          "back up cluster main by pgBackRest main",
          "pass over the backup young: pgBackRest has found pages in it whose checksum is wrong"
        ]
      )
      assert.strictEqual((yield* look([]))._tag, "Needed")
    })
  )
})

const installed = (program: string): boolean => {
  try {
    execFileSync(program, ["version"], { stdio: "ignore" })
    return true
  } catch {
    return false
  }
}

describe.skipIf(programs === undefined || !installed("pgbackrest"))("pgBackRest itself", () => {
  const as = process.getuid?.() === 0 ? "postgres" : undefined
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "shipshape-pgbackrest-"))
  const [data, config] = [path.join(folder, "data"), path.join(folder, "pgbackrest.conf")]
  const own = (program: string, ...args: ReadonlyArray<string>) =>
    as === undefined ? Command.make(program, args) : Command.make("runuser", ["-u", as, "--", program, ...args])
  const now = ({ args, program }: Command.Command) => execFileSync(program, [...args], { cwd: folder, stdio: "ignore" })
  const tool = (name: string) => path.join(programs ?? "", name)
  const start = own(tool("pg_ctl"), "-w", "-D", data, "-l", path.join(folder, "log"), "start")
  const stop = own(tool("pg_ctl"), "-w", "-m", "fast", "-D", data, "stop")
  const sql = (text: string) =>
    Effect.promise(async () => {
      const client = new pg.Client({ host: folder, user: "postgres", database: "postgres" })
      await client.connect()
      return client.query(text).finally(() => client.end())
    })
  const engine = BackupEngine.pgBackRest({
    stanza: "main",
    arguments: [`--config=${config}`],
    type: "full",
    as,
    restore: {
      record: path.join(folder, "restored.json"),
      commands: (name) => [
        stop,
        own(
          "pgbackrest",
          "--stanza=main",
          `--config=${config}`,
          "--delta",
          `--set=${name}`,
          "--type=immediate",
          "--target-action=promote",
          "restore"
        ),
        start
      ]
    }
  })

  afterAll(() => {
    try {
      now(stop)
    } finally {
      fs.rmSync(folder, { recursive: true, force: true })
    }
  })

  it.live(
    "backs up, proves it, and restores",
    () =>
      Effect.gen(function* () {
        for (const name of ["repo", "logs", "lock"]) fs.mkdirSync(path.join(folder, name))
        fs.writeFileSync(
          config,
          `[global]\nrepo1-path=${folder}/repo\nrepo1-retention-full=2\nlog-path=${folder}/logs\nlock-path=${folder}/lock\nstart-fast=y
log-level-console=warn\n[main]\npg1-path=${data}\npg1-socket-path=${folder}\npg1-user=postgres\n`
        )
        if (as !== undefined) execFileSync("chown", ["-R", as, folder])
        now(own(tool("initdb"), "-D", data, "-U", "postgres", "--auth=trust", "--no-sync"))
        fs.appendFileSync(
          path.join(data, "postgresql.conf"),
          `listen_addresses = ''\nunix_socket_directories = '${folder}'\narchive_mode = on\nfsync = off
archive_command = 'pgbackrest --config=${config} --stanza=main archive-push %p'\n`
        )
        now(start)
        const { apply, check } = yield* Effect.fromResult(
          BackupEngine.backup("b", { maxAge: "1 hour" }).prepare(new Map())
        )
        const looking = Effect.provideService(check, Look.Current, Look.make())
        const noStanza = yield* Effect.flip(Effect.suspend(() => looking))
        assert.include(noStanza.message, "stanza main: missing stanza path")
        now(own("pgbackrest", `--config=${config}`, "--stanza=main", "stanza-create"))
        const again = Effect.suspend(() => Effect.provideService(check, Look.Current, Look.make()))
        assert.strictEqual((yield* again)._tag, "Needed")
        yield* sql("CREATE TABLE t AS SELECT 1 AS n")
        yield* apply
        const found = yield* again
        assert(found._tag === "Satisfied")
        assert.match(found.output.file, /^pgBackRest main: \d{8}-\d{6}F$/)
        assert.isAbove(found.output.bytes, 1_000_000)
        yield* sql("DROP TABLE t")
        const name = found.output.file.replace("pgBackRest main: ", "")
        yield* Effect.flatMap(BackupEngine.EngineControl, (control) => control.restore(name))
        yield* Effect.repeat(sql("SELECT pg_is_in_recovery() AS yes"), { until: ({ rows }) => rows[0].yes === false })
        assert.deepStrictEqual((yield* sql("SELECT n FROM t")).rows, [{ n: 1 }])
        const restored = yield* Effect.flatMap(BackupEngine.EngineProbe, (probe) => probe.restored)
        assert.strictEqual(restored?.name, name)
      }).pipe(Effect.provide(Layer.provide(BackupEngine.byCommands(engine), Target.local()))),
    180_000
  )
})
