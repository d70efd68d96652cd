/** What the steps of this folder may ask of this machine, and what they may do to it. */
import { Access, Failure } from "@shipshape/core"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

export class MachineFailed extends Schema.TaggedError<MachineFailed>()("MachineFailed", {
  ...Failure.fields("quickstart.machine-failed")
}) {}

/** A program that runs in the background: its file, what it is told, and where it listens. */
export interface Program {
  readonly name: string
  readonly file: string
  readonly port: number
  readonly env: Readonly<Record<string, string | Redacted.Redacted<string>>>
}

/** Read-only: all that a `check` may use, and the compiler makes sure of it. */
export class MachineProbe extends Access.Probe<
  MachineProbe,
  {
    readonly server: (port: number) => Effect.Effect<"absent" | "stopped" | "running", MachineFailed>
    readonly program: (program: Program) => Effect.Effect<"stopped" | "outdated" | "running", MachineFailed>
  }
>()("quickstart/MachineProbe") {}

/** Writing: only an `apply` may use it. */
export class MachineControl extends Access.Control<
  MachineControl,
  {
    /** Starts PostgreSQL, and makes its cluster first where there is none. */
    readonly startServer: (port: number, password: Redacted.Redacted<string>) => Effect.Effect<void, MachineFailed>
    /** Starts a program; one that runs with another code or other settings is stopped first. */
    readonly startProgram: (program: Program) => Effect.Effect<void, MachineFailed>
    /** Stops all that was started here, and removes it. */
    readonly clear: Effect.Effect<void, MachineFailed>
  }
>()("quickstart/MachineControl") {}
