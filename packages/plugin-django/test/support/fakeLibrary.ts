import { DjangoWorld } from "@shipshape/plugin-django/testing"
import * as Effect from "effect/Effect"
import type { Library } from "./scenario.ts"

/** The library of `fixtures/library`, in memory. */
export const makeWorld = (): DjangoWorld.DjangoWorld =>
  DjangoWorld.make({
    migrations: { auth: ["0001_initial"], books: ["0001_initial", "0002_book_pages"] },
    models: { "books.Shelf": [], "books.Book": [], "books.Member": [] },
    staticFiles: ["books/site.css"],
    commands: {
      create_shelves: ({ models }, { args }) => {
        const names = (args[1] ?? "history,poetry").split(",")
        const before = (models.get("books.Shelf") ?? []).filter(({ name }) => !names.includes(String(name)))
        models.set("books.Shelf", [...before, ...names.map((name) => ({ name }))])
      },
      create_groups: ({ groups }) => void groups.set("Librarians", []).set("Readers", []),
      stumble: () => new Error("There is a stone on the path.")
    },
    functions: { "books.rules.may_borrow": (user, [limit]) => user?.active === true && Number(limit) <= 3 }
  })

export const fakeLibrary = (world: DjangoWorld.DjangoWorld): Library => {
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
      [...world.collected],
      [...world.marks]
    ]),
    damage: {
      unapply: Effect.sync(() => void world.applied.delete("books.0002_book_pages")),
      loseStaticFile: Effect.sync(() => void world.collected.delete("books/site.css")),
      loseShelf: Effect.sync(() => void world.models.set("books.Shelf", [{ name: "history" }])),
      loseGroups: Effect.sync(() => void world.groups.clear()),
      forgetMarks: Effect.sync(() => void world.marks.clear()),
      changePassword: (username) => change(username, { password: "changed by hand" }),
      leaveGroups: (username) => change(username, { groups: [] })
    }
  }
}
