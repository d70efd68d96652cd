import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type { Values } from "../Output.ts"
import type { Base, Plugin, PluginOptionsInvalid } from "../Plugin.ts"
import * as Secrets from "../Secrets.ts"

/**
 * One layer of all plugins' layers: a later plugin may build on an earlier one.
 *
 * That together they provide `Provided`, and fail as `E` says, is what `defineDeployment` has made sure of in its types.
 */
export const mergePlugins = Effect.fnUntraced(function* <Provided, E>(
  plugins: ReadonlyArray<Plugin.Any>,
  values: Values
): Effect.fn.Return<Layer.Layer<Provided, E, Base>, PluginOptionsInvalid> {
  let merged: Layer.Layer<never, unknown, unknown> = Layer.empty
  for (const plugin of plugins) {
    const layer = plugin.layer(values)
    if (Result.isFailure(layer)) return yield* layer.failure
    merged = Layer.provideMerge(layer.success, merged)
  }
  yield* Secrets.register([...values.values()])
  return merged as unknown as Layer.Layer<Provided, E, Base>
})
