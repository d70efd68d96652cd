import { describe, expect, it } from "vitest"

/** What an entry exports at run time, and the members of its namespaces. */
const namesOf = (module: object): ReadonlyArray<string> =>
  Object.entries(module).map(([name, value]) =>
    Object.prototype.toString.call(value) === "[object Module]" ? `${name}: ${Object.keys(value).join(" ")}` : name
  )

// Types are listed too, in test/exports.
describe("what is exported", () => {
  it("@shipshape/core", async () => {
    expect(namesOf(await import("@shipshape/core"))).toMatchInlineSnapshot(`
      [
        "Access: Probe Control",
        "Actor: Actor Revision",
        "Attempt: Current",
        "BackupProof: BackupProof",
        "Check: Change satisfied needed unavailable unavailableBecause everyRun",
        "Command: make isAllowed format",
        "acknowledge",
        "onFresh",
        "optional",
        "parallel",
        "Deployment: DefinitionInvalid defineDeployment",
        "defineDeployment",
        "Dotenv: DotenvInvalid parse",
        "Event: StepOutcome Counts StepResult RunOutcome Event CurrentSink tapSink",
        "ExitCode: succeeded failed changesPending lockHeld planStale refused usage interrupted of",
        "Failure: fields Report report isFinal nearest",
        "FileStore: layer plugin",
        "History: RunSummary summarise underWay",
        "Input: InputsInvalid make secret string integer boolean url literals decode",
        "Journal: Record JournalInvalid encode decode",
        "Leftovers: Current clearedBy",
        "Lock: Mode Holder LockHeld LockLost heldBy lostBy",
        "Look: make Current shared Observed observe",
        "Output: make isOutput succeed all sourcesOf resolve",
        "Plan: Action PlannedStep Interrupted Plan isEmpty",
        "Plugin: PluginOptionsInvalid define",
        "Policy: FreshRefused DestructiveRefused fresh destructive BackupRequired backupRequired altersData",
        "Progress: Current line",
        "Proposal: Proposal ProposalInvalid PlanTampered digestOf sealed text parse",
        "Records: open",
        "Release: Release of",
        "Resource: overlaps",
        "Risk: Risk isAbove",
        "Run: open openWith",
        "RunError: UnknownName StepsInvalid PlanStale ResumeRefused ReleaseUnknown ReleaseNotRecorded UndoDidNotRestore RunFailedError StepDidNotConverge StepTimedOut StepUnavailable",
        "Secrets: make Current register maskDeep",
        "Services: ServicesUnreadable Services",
        "Step: StepInputInvalid RecordedInvalid make",
        "Store: StoreFailed Store",
        "Target: Target TargetProbe Containers readOnly layer local CommandFailed CommandNotFound CommandTimedOut CommandNotAllowed TargetUnavailable FileFailed",
        "Undo: of",
      ]
    `)
  })

  it("@shipshape/core/cli", async () => {
    expect(namesOf(await import("@shipshape/core/cli"))).toMatchInlineSnapshot(`
      [
        "command",
        "main",
      ]
    `)
  })

  it("@shipshape/core/reporter", async () => {
    expect(namesOf(await import("@shipshape/core/reporter"))).toMatchInlineSnapshot(`
      [
        "failureText",
        "github",
        "ndjson",
        "plain",
        "planText",
        "tree",
      ]
    `)
  })

  it("@shipshape/core/testing", async () => {
    expect(namesOf(await import("@shipshape/core/testing"))).toMatchInlineSnapshot(`
      [
        "Crash: store count",
        "FakeTarget: make layer",
        "Laws: LawBroken check undo",
        "MemoryStore: make layer",
        "Rehearsal: plan apply",
      ]
    `)
  })

  it("@shipshape/plugin-docker", async () => {
    expect(namesOf(await import("@shipshape/plugin-docker"))).toMatchInlineSnapshot(`
      [
        "Compose: build pull down removeVolumes stop preflight project exec run up",
        "ComposeControl",
        "ComposeProbe",
        "DockerError: NotInstalled DaemonUnreachable PermissionDenied VersionUnsupported DiskSpaceLow PortTaken FileMissing ComposeFileInvalid VariableMissing UnknownName NotSupported BuildFailed PullFailed Unhealthy VolumeInUse CommandFailed EnvFileIncomplete NotWritable ImageGone EnvFileGone EnvFileMoved DirectoryNotEmpty DockerFailed",
        "EnvFile: present",
        "Done",
        "Storage: directories",
      ]
    `)
  })

  it("@shipshape/plugin-docker/testing", async () => {
    expect(namesOf(await import("@shipshape/plugin-docker/testing"))).toMatchInlineSnapshot(`
      [
        "DockerWorld: make",
      ]
    `)
  })

  it("@shipshape/plugin-django", async () => {
    expect(namesOf(await import("@shipshape/plugin-django"))).toMatchInlineSnapshot(`
      [
        "Django: command migrate models inService local collectstatic check superuser user permission verify",
        "DjangoControl: DjangoControl",
        "DjangoError: SettingsInvalid SessionFailed DatabaseUnavailable SchemaIncomplete UnknownModel QueryInvalid UnknownGroup UnknownUser UserInvalid PasswordMissing UserDiffers CheckWrote ApplicationFailed ChecksFailed MigrationsMissing HistoryInconsistent MigrationsConflict MigrationFailed MigrationIrreversible ReversalUnavailable UnknownCommand ManagementCommandFailed VerificationFailed",
        "DjangoProbe: SystemMessage MigrationState Reversal StaticState UserState DjangoProbe",
      ]
    `)
  })

  it("@shipshape/plugin-django/testing", async () => {
    expect(namesOf(await import("@shipshape/plugin-django/testing"))).toMatchInlineSnapshot(`
      [
        "DjangoWorld: user make",
      ]
    `)
  })

  it("@shipshape/plugin-postgres", async () => {
    expect(namesOf(await import("@shipshape/plugin-postgres"))).toMatchInlineSnapshot(`
      [
        "BackupEngine: byCommands pgBackRest walG BackupEngineFailed EngineControl EngineProbe backup plugin",
        "Compare: compare renames",
        "CompareError: RenamesInvalid SchemaUnreadable SchemaDrifted SchemaChangeRefused SchemaChangeFailed ExpectedSchemaFailed ScratchImpossible",
        "Data: transform Transform",
        "Lint: rules lint trace",
        "Postgres: backfill backup check column compare connectionBudget enum exportData extension foreignKey defaultPrivileges grant importData index migrations inOrder inService server store ready replaceEnum role sequences database membership owner schema setting destructiveSql sql unique",
        "PostgresControl: PostgresControl",
        "PostgresData: DataProbe DataControl",
        "PostgresError: DumpToolUnfit BackupInvalid RestoreRefused NoBackupToRestore DataInvalid DataRefused ExtensionUnavailable ExtensionNotAllowed ExtensionNotTrusted ExtensionConflict EnumConflict LabelExists LabelMissing LabelNotCommitted EnumInTransaction LabelInUse ColumnConflict ConstraintConflict RowsViolate ConnectionsExceeded UndoRefused DoneNotBoolean SqlUnparsable SqlUnreadable UsageInvalid MigrationEdited MigrationsRefused MigrationFailed ServerUnreachable ServerNotReady AuthenticationFailed DatabaseMissing TooManyConnections TlsRefused PoolerInBetween TunnelImpossible ConnectionOptionsInvalid ConnectionLost PermissionDenied DiskFull LockTimeout StatementTimeout NotReadOnly StatementFailed",
        "PostgresMigrations: MigrationProbe MigrationControl",
        "PostgresProbe: PostgresProbe",
        "PostgresSchema: SchemaProbe SchemaControl",
      ]
    `)
  })

  it("@shipshape/plugin-postgres/testing", async () => {
    expect(namesOf(await import("@shipshape/plugin-postgres/testing"))).toMatchInlineSnapshot(`
      [
        "PostgresWorld: make",
      ]
    `)
  })

  it("@shipshape/plugin-health", async () => {
    expect(namesOf(await import("@shipshape/plugin-health"))).toMatchInlineSnapshot(`
      [
        "Health: checks container HttpUnhealthy TcpUnhealthy ContainerUnhealthy LogPattern layer Unreached HealthProbe http logs tcp",
      ]
    `)
  })

  it("@shipshape/plugin-health/testing", async () => {
    expect(namesOf(await import("@shipshape/plugin-health/testing"))).toMatchInlineSnapshot(`
      [
        "HealthWorld: make",
      ]
    `)
  })
})
