/** The tree of commands; each one hands what it was asked to `take`. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import type * as Completions from "effect/cli/Completions"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Contributed } from "./contributed.ts"
import { approval, common, env, json, out, place, saved, selection, showing, switchOf, textOf } from "./flags.ts"
import { groupsOf } from "./pluginTree.ts"
import type { Common, PluginRequest, Request } from "./request.ts"

export type Asked =
  | { readonly _tag: "Run"; readonly request: Request }
  | { readonly _tag: "Plugin"; readonly request: PluginRequest }
  | { readonly _tag: "Text"; readonly text: string }
  | { readonly _tag: "Completions"; readonly shell: Completions.Shell }

export type Take = (asked: Asked) => void

/** The command line's commands, below one root whose flags they share. */
export const commandTree = (program: string, contributed: Contributed, take: Take) => {
  const { one, root } = rooted(program, take)
  return root.pipe(
    Command.withSubcommands([
      ...looking(one),
      ...running(one),
      ...describing(one),
      completions(take),
      ...groupsOf(root, contributed, take)
    ])
  )
}

const rooted = (program: string, take: Take) => {
  const root = Command.make(program).pipe(
    Command.withDescription("Plan and apply a deployment of typed, idempotent steps."),
    Command.withSharedFlags(common)
  )
  const one = <const Name extends string, const Flags extends Command.Command.Config>(
    name: Name,
    flags: Flags,
    description: string,
    request: (shared: Common, own: Command.Command.Config.Infer<Flags>) => Request
  ) =>
    Command.make(name, flags, (own) =>
      Effect.map(root, (shared) => take({ _tag: "Run", request: request(shared, own) }))
    ).pipe(Command.withDescription(description))
  return { root, one }
}

type One = ReturnType<typeof rooted>["one"]

/** What changes something. */
const running = (one: One) =>
  [
    one(
      "apply",
      { ...place, ...selection, ...showing, ...approval, plan: saved },
      "Apply what the world lacks, after approval.",
      (shared, own) => ({ command: "apply", ...shared, ...own })
    ),
    one(
      "resume",
      {
        ...place,
        ...showing,
        ...approval,
        undo: switchOf("undo", "Take back what the interrupted run has applied")
      },
      "Go on with a run that was interrupted, as it was begun; or take it back.",
      (shared, own) => ({ command: "resume", ...shared, ...own })
    ),
    one(
      "rollback",
      {
        ...place,
        ...showing,
        ...approval,
        to: textOf("to", "RELEASE", "The release to go back to (default: the one before)"),
        schema: switchOf("schema", "Reverse schema changes too: what they added is lost"),
        data: switchOf("data", "Put back the data of the release's backup: what was written since is lost"),
        out,
        plan: saved
      },
      "Go back to a release, after approval.",
      (shared, own) => ({ command: "rollback", ...shared, ...own })
    ),
    one(
      "unlock",
      {
        ...place,
        yes: switchOf("yes", "Do it without asking for approval"),
        reason: textOf("reason", "TEXT", "Why: it is noted in the journal of the run that is unlocked")
      },
      "Break the lock of a run that is going on, where a person knows better. No dead run holds one.",
      (shared, own) => ({ command: "unlock", ...shared, ...own })
    )
  ] as const

/** What changes nothing. */
const looking = (one: One) =>
  [
    one(
      "plan",
      {
        ...place,
        ...selection,
        ...showing,
        detailedExitcode: switchOf("detailed-exitcode", "End with exit code 2 when there are changes"),
        out
      },
      "Look at the world, and say what it lacks. Changes nothing.",
      (shared, own) => ({ command: "plan", ...shared, ...own })
    ),
    one(
      "verify",
      { ...place, ...selection, ...showing },
      "Look at the world, and fail if any step is not in order. Changes nothing.",
      (shared, own) => ({ command: "verify", ...shared, ...own })
    ),
    one(
      "status",
      { ...place, json },
      "Say which release runs, and fail if the world is no longer as it left it. Changes nothing.",
      (shared, own) => ({ command: "status", ...shared, ...own })
    ),
    one(
      "history",
      {
        ...place,
        json,
        limit: textOf("limit", "N", "How many runs to list (default: 20)"),
        run: optionalArgument("run", "A run's number: show all of it")
      },
      "List the runs, or show one. Changes nothing, and needs no secrets.",
      (shared, own) => ({ command: "history", ...shared, ...own })
    )
  ] as const

/** What looks at the definition only. */
const describing = (one: One) =>
  [
    one("graph", { env }, "Print the steps and what depends on what, as a Mermaid diagram.", (shared, own) => ({
      command: "graph",
      ...shared,
      ...own
    })),
    one(
      "steps",
      { env, json, name: optionalArgument("name", "A step type, or a plugin") },
      "List the step types that the deployment's plugins offer.",
      (shared, own) => ({ command: "steps", ...shared, ...own })
    )
  ] as const

const optionalArgument = (name: string, description: string): Argument.Argument<string | undefined> =>
  Argument.String(name).pipe(
    Argument.withDescription(description),
    Argument.optional,
    Argument.map(Option.getOrUndefined)
  )

const completions = (take: Take) =>
  Command.make(
    "completions",
    { shell: Argument.Literals("shell", ["bash", "zsh", "fish"]).pipe(Argument.withDescription("The shell")) },
    ({ shell }) => Effect.sync(() => take({ _tag: "Completions", shell }))
  ).pipe(Command.withDescription("Print a completion script for a shell."))
