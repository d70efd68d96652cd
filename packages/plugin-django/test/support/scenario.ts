import type { Step } from "@shipshape/core"
import { Laws } from "@shipshape/core/testing"
import { Django } from "@shipshape/plugin-django"
import type { DjangoControl } from "@shipshape/plugin-django/DjangoControl"
import type { DjangoProbe } from "@shipshape/plugin-django/DjangoProbe"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"

/** What a test sees and breaks of a library, be it in memory, on this machine or in a container. */
export interface Library {
  readonly see: Effect.Effect<unknown>
  readonly damage: {
    readonly unapply: Effect.Effect<void>
    readonly loseStaticFile: Effect.Effect<void>
    readonly loseShelf: Effect.Effect<void>
    readonly loseGroups: Effect.Effect<void>
    readonly forgetMarks: Effect.Effect<void>
    readonly changePassword: (username: string) => Effect.Effect<void>
    readonly leaveGroups: (username: string) => Effect.Effect<void>
  }
}

const password = Redacted.make("a long enough password")

/** Every step type that writes keeps the laws, one after the other in one world that starts empty. */
export const keepsTheLaws = Effect.fnUntraced(function* ({ damage, see }: Library) {
  const keeps = <A, E>(
    step: Step.Step<A, E, DjangoProbe, DjangoControl | DjangoProbe, string>,
    breaks: Effect.Effect<void>
  ) => Laws.check({ step, see, damage: breaks })

  yield* keeps(Django.migrate("migrate", {}), damage.unapply)
  yield* keeps(Django.collectstatic("static", {}), damage.loseStaticFile)
  yield* keeps(
    Django.command("shelves", { command: "create_shelves", done: { model: "books.Shelf", atLeast: 2 } }),
    damage.loseShelf
  )
  yield* keeps(
    Django.command("groups", {
      command: "create_groups",
      done: { exists: ["Readers", "Librarians"].map((name) => ({ model: "auth.Group", filter: { name } })) }
    }),
    damage.loseGroups
  )
  yield* keeps(
    Django.command("shelves-of-2026", {
      command: "create_shelves",
      args: ["--names", "2026"],
      done: { fingerprint: { names: ["2026"] } }
    }),
    damage.forgetMarks
  )
  const admin = { username: "admin", email: "admin@example.org", password, fields: { card: "1" } }
  yield* keeps(Django.superuser("admin", { ...admin, sync: "password" }), damage.changePassword("admin"))
  const ann = { username: "ann", email: "ann@example.org", fields: { card: "2" }, groups: ["Readers"] }
  yield* keeps(Django.user("ann", ann), damage.leaveGroups("ann"))
})
