/**
 * The test kit: whole deployments against fake worlds, the laws of steps, a target in memory.
 *
 * @since 0.1.0
 */
export * as Crash from "./Crash.ts"
export * as FakeTarget from "./FakeTarget.ts"
export * as Laws from "./Laws.ts"
export * as MemoryStore from "./MemoryStore.ts"
export * as Rehearsal from "./Rehearsal.ts"
