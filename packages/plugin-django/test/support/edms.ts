import type { Step } from "@shipshape/core"
import { Laws } from "@shipshape/core/testing"
import { Django } from "@shipshape/plugin-django"
import type { DjangoControl } from "@shipshape/plugin-django/DjangoControl"
import type { DjangoProbe } from "@shipshape/plugin-django/DjangoProbe"
import { DjangoWorld } from "@shipshape/plugin-django/testing"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"

export const password = Redacted.make("correct horse 'battery' staple $1")

const userRole = { user__username: "author01", role__module: "O1", role__level: "write" }

/** Everything that the EDMS deployment asks of Django, in its order: twelve steps, the verifications at the end. */
export const steps = {
  check: Django.check("check", { deploy: true }),
  migrate: Django.migrate("migrate", {}),
  collectstatic: Django.collectstatic("static-files", {}),
  roles: Django.command("roles", { command: "create_default_roles", done: { model: "users.Role", atLeast: 14 } }),
  groups: Django.command("groups", { command: "create_default_groups", done: { model: "auth.Group", atLeast: 6 } }),
  admin: Django.superuser("admin", { username: "admin", email: "admin@example.org", password, sync: "password" }),
  types: Django.command("types", {
    command: "create_default_document_types",
    done: { model: "documents.DocumentType", atLeast: 7 }
  }),
  sources: Django.command("sources", {
    command: "create_default_document_sources",
    done: { model: "documents.DocumentSource", atLeast: 4 }
  }),
  author: Django.command("author", {
    command: "ensure_user",
    args: ["author01", "--role", "O1:write"],
    env: { EDMS_USER_PASSWORD: password },
    done: { exists: [{ model: "users.UserRole", filter: userRole }] }
  }),
  reader: Django.user("reader", { username: "reader01", email: "reader@example.org", groups: ["Document Readers"] }),
  writes: Django.verify("author-writes", {
    that: { call: "users.permissions.has_write_permission", user: "author01", equals: true }
  }),
  reads: Django.permission("reader-reads", { username: "reader01", permission: "documents.view_document" })
}

/** How a test sees and breaks an EDMS, be it in memory or in containers. */
export interface Edms {
  readonly see: Effect.Effect<unknown>
  readonly unapply: Effect.Effect<void>
  readonly loseStaticFile: Effect.Effect<void>
  readonly loseRole: Effect.Effect<void>
  readonly changePassword: Effect.Effect<void>
  readonly leaveGroups: Effect.Effect<void>
}

/** The steps of a deployment keep the laws in their order, on a system that starts empty. */
export const keepsTheLaws = Effect.fnUntraced(function* (edms: Edms) {
  const keeps = <A, E>(
    step: Step.Step<A, E, DjangoProbe, DjangoControl | DjangoProbe, string>,
    damage?: Effect.Effect<void>
  ) => Laws.check({ step, see: edms.see, ...(damage === undefined ? {} : { damage }) })
  yield* keeps(steps.migrate, edms.unapply)
  yield* keeps(steps.collectstatic, edms.loseStaticFile)
  yield* keeps(steps.roles, edms.loseRole)
  yield* keeps(steps.groups)
  yield* keeps(steps.admin, edms.changePassword)
  yield* keeps(steps.types)
  yield* keeps(steps.sources)
  yield* keeps(steps.author)
  yield* keeps(steps.reader, edms.leaveGroups)
})

const rows = (count: number) => Array.from({ length: count }, (_, pk) => ({ pk }))

/** The EDMS in memory. */
export const makeWorld = (): DjangoWorld.DjangoWorld =>
  DjangoWorld.make({
    migrations: { auth: ["0001_initial"], users: ["0001_initial"], documents: ["0001_initial", "0002_title_search"] },
    models: { "users.Role": [], "users.UserRole": [], "documents.DocumentType": [], "documents.DocumentSource": [] },
    staticFiles: ["admin/css/base.css"],
    commands: {
      create_default_roles: ({ models }) => void models.set("users.Role", rows(14)),
      create_default_groups: ({ groups }) => {
        for (const name of ["Readers", "Authors", "Reviewers", "Approvers", "Administrators"])
          groups.set(`Document ${name}`, ["documents.view_document"])
        groups.set("User Administrators", [])
      },
      create_default_document_types: ({ models, users }) =>
        [...users.values()].some(({ superuser }) => superuser)
          ? models.set("documents.DocumentType", rows(7))
          : new Error("Document types belong to a superuser and there is none."),
      create_default_document_sources: ({ models }) => void models.set("documents.DocumentSource", rows(4)),
      ensure_user: ({ models, users }, { args: [username = ""], env }) => {
        if (env.EDMS_USER_PASSWORD === undefined) return new Error("Set EDMS_USER_PASSWORD")
        users.set(username, DjangoWorld.user({}))
        return models.set("users.UserRole", [{ user: { username }, role: { module: "O1", level: "write" } }])
      }
    },
    functions: { "users.permissions.has_write_permission": (user) => user?.active === true }
  })

export const fakeEdms = (world: DjangoWorld.DjangoWorld): Edms => {
  const change = (username: string, what: Partial<DjangoWorld.User>) =>
    Effect.sync(() => {
      const user = world.users.get(username)
      if (user !== undefined) world.users.set(username, { ...user, ...what })
    })
  return {
    see: Effect.sync(() => [
      [...world.applied],
      [...world.users],
      [...world.groups],
      [...world.models],
      [...world.collected]
    ]),
    unapply: Effect.sync(() => void world.applied.delete("documents.0002_title_search")),
    loseStaticFile: Effect.sync(() => world.collected.clear()),
    loseRole: Effect.sync(() => void world.models.set("users.Role", rows(13))),
    changePassword: change("admin", { password: "changed by hand" }),
    leaveGroups: change("reader01", { groups: [] })
  }
}
