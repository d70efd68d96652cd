import { defineDeployment } from "@shipshape/core"
import { Health } from "@shipshape/plugin-health"
import { describe, expect, it } from "tstyche"

const environments = { staging: { data: "disposable" } } as const

describe("a deployment", () => {
  it("needs the plugin for a URL", () => {
    // @ts-expect-error ✗ no plugin provides shipshape/health/HealthProbe: add the one that does to 'plugins'
    defineDeployment("shop", { environments }, function* () {
      yield* Health.http("shop", { url: "http://shop/" })
    })
  })

  it("needs no other plugin for URLs and ports", () => {
    expect(
      defineDeployment("shop", { environments, plugins: () => [Health.checks({})] }, function* () {
        yield* Health.http("shop", { url: "http://shop/", service: "backend" })
        yield* Health.tcp("db", { host: "db", port: 5432 })
      }).name
    ).type.toBe<string>()
  })

  it("needs a plugin that knows the services for containers and logs", () => {
    // @ts-expect-error ✗ no plugin provides shipshape/Services: add the one that does to 'plugins'
    defineDeployment("shop", { environments, plugins: () => [Health.checks({})] }, function* () {
      yield* Health.container("up", { services: ["backend"] })
    })
    // @ts-expect-error ✗ no plugin provides shipshape/Services: add the one that does to 'plugins'
    defineDeployment("shop", { environments, plugins: () => [Health.checks({})] }, function* () {
      yield* Health.logs("clean", { services: ["backend"], forbid: [/ERROR/] })
    })
  })
})
