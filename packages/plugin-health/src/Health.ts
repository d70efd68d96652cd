/**
 * The plugin and its step types.
 *
 * @since 0.1.0
 */
import { Plugin } from "@shipshape/core"
import { container } from "./ContainerStep.ts"
import { layer } from "./HealthLayer.ts"
import type { HealthProbe } from "./HealthProbe.ts"
import { http } from "./HttpStep.ts"
import { logs } from "./LogsStep.ts"
import { tcp } from "./TcpStep.ts"

export * from "./ContainerStep.ts"
export * from "./HealthError.ts"
export * from "./HealthLayer.ts"
export * from "./HealthProbe.ts"
export * from "./HttpStep.ts"
export * from "./LogsStep.ts"
export * from "./TcpStep.ts"

/**
 * Health checks, for a deployment's `plugins`. `Health.http` and `Health.tcp` need nothing else; `Health.container` and
 * `Health.logs` need a plugin that knows how the services run, and the deployment does not compile without one.
 *
 * @example
 * ```ts
 * import { defineDeployment, Input } from "@shipshape/core"
 * import { Health } from "@shipshape/plugin-health"
 * import assert from "node:assert"
 *
 * const deployment = defineDeployment("shop", {
 *   environments: { production: { data: "precious" } },
 *   inputs: { url: Input.url("SHOP_URL") },
 *   plugins: () => [Health.checks({})]
 * }, function*({ inputs }) {
 *   yield* Health.http("shop", { url: inputs.url.map((url) => `${url}/health/`) })
 * })
 * assert.equal(deployment.blueprint("production").instructions.length, 1)
 * ```
 *
 * @since 0.1.0
 */
export const checks: (options: Readonly<Record<string, never>>) => Plugin.Plugin<HealthProbe, never, never> =
  Plugin.define("health", {
    version: "0.1.0",
    description: "Verifies a running system: HTTP, TCP, TLS, containers and logs",
    steps: { http, tcp, container, logs },
    options: {},
    layer: () => layer
  })
