/** Teaches TypeDoc what a user knows a module by: the name it is imported with. */
import * as path from "node:path"
import type { Application, Reflection } from "typedoc"
import { Converter, ReflectionKind } from "typedoc"
import { ModuleRouter } from "typedoc-plugin-markdown"
import { entries, root } from "./workspace.ts"

/** Lays pages out as imports are written: `core.md`, `core/Output.md`, `core/testing.md`. */
class ImportPathRouter extends ModuleRouter {
  override getIdealBaseName(reflection: Reflection): string {
    const own = reflection.name.replace("@shipshape/", "")
    const { parent } = reflection
    return parent === undefined || parent.isProject() ? own : `${this.getIdealBaseName(parent)}/${own}`
  }
}

export const load = (app: Application): void => {
  app.renderer.defineRouter("import-path", ImportPathRouter)
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (context, reflection) => {
    if (!reflection.kindOf(ReflectionKind.Module)) return
    const file = context.getSymbolFromReflection(reflection)?.valueDeclaration?.getSourceFile().fileName
    const entry = entries.find((entry) => file === path.join(root, entry.source))
    if (entry !== undefined) reflection.name = entry.name
  })
}
