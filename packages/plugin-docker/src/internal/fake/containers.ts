import { Target } from "@shipshape/core"
import { FakeTarget } from "@shipshape/core/testing"
import * as Effect from "effect/Effect"
import { running } from "./probe.ts"
import { presentImage, problemOf, projectOf, type State } from "./state.ts"

/** What a fake target does, as long as it is reached. */
const reached = (
  name: string,
  resource: Target.Operations["resource"],
  reach: Effect.Effect<FakeTarget.FakeTarget, Target.RunError & Target.TargetUnavailable>
): Target.Operations => {
  const within = <A, E, R>(f: (operations: Target.Operations) => Effect.Effect<A, E, R>) =>
    Effect.flatMap(reach, ({ operations }) => f(operations))
  return {
    name,
    resource,
    run: (command) => within((operations) => operations.run(command)),
    open: (command) => within((operations) => operations.open(command)),
    stat: (path) => within((operations) => operations.stat(path)),
    readFile: (path) => within((operations) => operations.readFile(path)),
    list: (path) => within((operations) => operations.list(path)),
    writeFile: (path, content, ownership) => within((operations) => operations.writeFile(path, content, ownership)),
    appendFile: (path, content, ownership) => within((operations) => operations.appendFile(path, content, ownership)),
    makeDirectory: (path, ownership) => within((operations) => operations.makeDirectory(path, ownership)),
    setOwnership: (path, ownership) => within((operations) => operations.setOwnership(path, ownership)),
    remove: (path) => within((operations) => operations.remove(path))
  }
}

const noImage = (service: string, message: string): Target.TargetUnavailable =>
  new Target.TargetUnavailable({
    target: `one-off container of ${service}`,
    resource: `image:${service}`,
    message,
    hint: "build or pull it with a step before this one"
  })

/** A container made for one command. */
export const oneOff = (state: State, service: string): Effect.Effect<FakeTarget.FakeTarget, Target.TargetUnavailable> =>
  Effect.suspend(() => {
    const problem = problemOf(state)
    if (problem !== undefined) return Effect.fail(noImage(service, problem.message))
    const definition = state.services.get(service)
    const image = presentImage(state, service)
    if (definition === undefined || image === undefined) {
      return Effect.fail(noImage(service, `${service} has no image yet`))
    }
    return Effect.succeed(
      FakeTarget.make({ files: image.files, run: (command) => definition.run?.(command, image.built) })
    )
  })

/** The containers of a fake world as targets. */
export const makeContainers = (state: State): Target.Containers["Service"] => ({
  service: (name) =>
    reached(
      `service ${name}`,
      `service:${name}`,
      Effect.map(running(state, name), ({ target }) => target)
    ),
  oneOff: (name) => reached(`one-off container of ${name}`, `image:${name}`, oneOff(state, name)),
  revision: (name) =>
    Effect.map(oneOff(state, name), () => `${presentImage(state, name)?.id} ${projectOf(state).services[name]?.hash}`)
})
