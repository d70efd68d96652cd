import { assert, describe, it } from "@effect/vitest"
import type { Services } from "@shipshape/core"
import { Health } from "@shipshape/plugin-health"
import { HealthWorld } from "@shipshape/plugin-health/testing"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { laws, patience } from "./support/Laws.ts"
import { close, httpServer, listen, tcpServer } from "./support/Servers.ts"

const noServices = HealthWorld.make().servicesLayer
const real = Layer.merge(Health.layer, noServices)

describe("health.http", () => {
  const step = (url: string) =>
    Health.http("shop", { url, body: { json: { "checks.database": "ok" } }, status: [200, 204], ...patience })
  const body = (database: string) => JSON.stringify({ checks: { database } })

  it.live("keeps the laws on the fake", () => {
    const world = HealthWorld.make({ urls: { "http://shop/": { status: 503 } } })
    return laws(step("http://shop/"), {
      see: Effect.sync(() => [...new Set(world.looks)].filter((look) => !/^(GET|HEAD) /.test(look))),
      sicken: Effect.sync(() => world.urls.set("http://shop/", { body: body("down") })),
      heal: () => world.urls.set("http://shop/", { body: body("ok") }),
      layer: Layer.merge(world.layer, noServices)
    })
  })

  it.live("keeps the laws on a real server, which sees GET alone", () =>
    Effect.scoped(
      Effect.gen(function* () {
        let database = "down"
        const server = yield* httpServer((_, response) => response.end(body(database)))
        yield* laws(step(server.url), {
          see: Effect.sync(() => [...server.methods].filter((method) => method !== "GET")),
          sicken: Effect.sync(() => {
            database = "down"
          }),
          heal: () => {
            database = "ok"
          },
          layer: real
        })
        assert.deepStrictEqual([...server.methods], ["GET"])
      })
    )
  )
})

describe("health.tcp", () => {
  it.live("keeps the laws on the fake", () => {
    const world = HealthWorld.make()
    return laws(Health.tcp("db", { host: "db", port: 5432, ...patience }), {
      see: Effect.succeed("nothing to see"),
      sicken: Effect.sync(() => world.tcp.delete("db:5432")),
      heal: () => world.tcp.add("db:5432"),
      layer: Layer.merge(world.layer, noServices)
    })
  })

  it.live("keeps the laws on a real port, and sends nothing to it", () =>
    Effect.scoped(
      Effect.gen(function* () {
        let bytes = 0
        const { port, server } = yield* tcpServer((socket) => {
          socket.on("error", () => {})
          socket.on("data", (chunk) => {
            bytes += chunk.length
          })
        })
        yield* close(server)
        yield* laws(Health.tcp("db", { host: "127.0.0.1", port, ...patience }), {
          see: Effect.sync(() => bytes),
          sicken: close(server),
          heal: () => Effect.runFork(listen(server, port)),
          layer: real
        })
      })
    )
  )
})

describe("health.container", () => {
  it.live("keeps the laws on the fake", () => {
    const world = HealthWorld.make({ services: { backend: [{ health: "starting" }] } })
    const set = (health: Services.Container["health"]) => {
      const backend = world.services.get("backend")
      if (backend !== undefined) backend.containers = backend.containers.map((container) => ({ ...container, health }))
    }
    return laws(Health.container("backend", { services: ["backend"], ...patience }), {
      see: Effect.succeed("nothing to see"),
      sicken: Effect.sync(() => set("unhealthy")),
      heal: () => set("healthy"),
      layer: Layer.merge(world.layer, world.servicesLayer)
    })
  })
})
