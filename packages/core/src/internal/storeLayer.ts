import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type { Deployment } from "../Deployment.ts"
import * as FileStore from "../FileStore.ts"
import type { Values } from "../Output.ts"
import type { Base, PluginOptionsInvalid } from "../Plugin.ts"
import type { Store, StoreFailed } from "../Store.ts"

/** The store that is given, or the deployment's own, or the one in the target's folder. */
export const storeLayer = (
  deployment: Deployment.Any,
  given: Layer.Layer<Store, StoreFailed, Base> | undefined,
  environment: string,
  values: Values
): Effect.Effect<Layer.Layer<Store, StoreFailed, Base>, PluginOptionsInvalid> => {
  if (given !== undefined) return Effect.succeed(given)
  const own = deployment.blueprint(environment).store
  return own === undefined ? Effect.succeed(FileStore.layer()) : Effect.fromResult(own.layer(values))
}
