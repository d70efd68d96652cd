import { access } from "node:fs/promises"
import { basename, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type { Deployment } from "../../Deployment.ts"
import { DeploymentUnloadable } from "./usage.ts"

/** Where the deployment is, if nobody says it. */
export const defaultFile = "deploy.ts"

/** Imports the file, and gives its default export if that is a deployment. */
export const load = Effect.fnUntraced(function* (directory: string, file: string | undefined) {
  const name = file ?? defaultFile
  const path = resolve(directory, name)
  yield* Effect.tryPromise({
    try: () => access(path),
    catch: () =>
      new DeploymentUnloadable({
        file: path,
        message: `there is no file ${name} in ${directory}`,
        hint:
          file === undefined ? "start in the folder of deploy.ts, or say --file FILE" : "correct the path behind --file"
      })
  })
  const module = yield* Effect.tryPromise({
    try: (): Promise<unknown> => import(pathToFileURL(path).href),
    catch: (cause) => notLoaded(name, path, cause)
  }).pipe(Effect.catch((error) => (isDefinitionInvalid(error.cause) ? Effect.fail(error.cause) : Effect.fail(error))))
  const found = Predicate.hasProperty(module, "default") ? module.default : undefined
  if (isDeployment(found)) return found
  return yield* new DeploymentUnloadable({
    file: path,
    message:
      found === undefined
        ? `${name} has no default export`
        : `the default export of ${name} is ${described(found)}, and no deployment`,
    hint: "write `export default defineDeployment(…)`"
  })
})

/** By its code: the file may import another copy of this package. */
const isDefinitionInvalid = (u: unknown): u is Error =>
  Predicate.isError(u) && Predicate.hasProperty(u, "code") && u.code === "core.definition-invalid"

const isDeployment = (u: unknown): u is Deployment.Any =>
  Predicate.hasProperty(u, "blueprint") &&
  Predicate.isFunction(u.blueprint) &&
  Predicate.hasProperty(u, "environments") &&
  Predicate.hasProperty(u, "names")

const described = (u: unknown): string => (u === null ? "null" : `a value of type ${typeof u}`)

const notLoaded = (name: string, path: string, cause: unknown): DeploymentUnloadable => {
  const code = Predicate.hasProperty(cause, "code") ? cause.code : undefined
  const message = Predicate.isError(cause) ? cause.message : String(cause)
  const at = placeOf(cause, path)
  const where = at === undefined ? name : `${basename(path)}:${at}`
  const make = (text: string, hint: string): DeploymentUnloadable =>
    new DeploymentUnloadable({ file: path, message: text, hint, cause })
  if (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND") {
    return make(
      `${name} imports what is not there: ${message}`,
      "install it, or correct the import; relative imports need their .ts"
    )
  }
  if (code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX") {
    return make(
      `${where}: ${message}`,
      "use only syntax that can be erased: no enum, no namespace, no parameter properties"
    )
  }
  if (code === "ERR_UNKNOWN_FILE_EXTENSION") {
    // What Node says names the extension that it does not know, which may be that of an import.
    return /extension "\.[cm]?ts"/.test(message)
      ? make(`Node ${process.version} cannot import ${name}`, "run it with Node 22.19 or newer, which reads TypeScript")
      : make(`${name} is no file that Node can import`, "name a .ts, .mts, .js or .mjs file")
  }
  return Predicate.isError(cause) && cause.name === "SyntaxError"
    ? make(`${where}: ${message}`, "correct the syntax, or the import")
    : make(`${where} failed while it was loaded: ${message}`, "correct the file; --verbose shows where it failed")
}

/** The line, and the column where there is one, that a stack names for the file itself. */
const placeOf = (cause: unknown, path: string): string | undefined => {
  const stack = Predicate.isError(cause) ? (cause.stack ?? "") : ""
  const start = stack.indexOf(path)
  return start === -1 ? undefined : /^:(\d+(?::\d+)?)/.exec(stack.slice(start + path.length))?.[1]
}
