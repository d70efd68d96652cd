/**
 * Backups that an engine of their own takes: pgBackRest, WAL-G, barman. For databases that have outgrown dumps.
 *
 * @since 0.1.0
 */
export { byCommands, type Commands, type EngineRestoring, pgBackRest, walG } from "./EngineCommands.ts"
export {
  BackupEngineFailed,
  type EngineBackup,
  EngineControl,
  type EngineError,
  EngineProbe,
  type EngineRestore
} from "./EngineServices.ts"
export { backup, plugin } from "./EngineStep.ts"
