/** The public surface of the packages: every symbol a user can reach from an entry, re-exports followed. */
import * as path from "node:path"
import ts from "typescript"
import type { Entry } from "./workspace.ts"
import { entries, root } from "./workspace.ts"

export interface PublicSymbol {
  /** As a user writes it after importing the entry: `Output.all`. */
  readonly name: string
  readonly kind: "class" | "error" | "function" | "const" | "interface" | "type" | "namespace"
  /** Where it is declared, relative to the root. */
  readonly file: string
  readonly line: number
  readonly description: string
  readonly tags: ReadonlyArray<ts.JSDocTagInfo>
}

const program = (): ts.Program => {
  const config = ts.getParsedCommandLineOfConfigFile(path.join(root, "tsconfig.docs.json"), undefined, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
      throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n"))
    }
  })
  if (config === undefined) throw new Error("tsconfig.docs.json cannot be read")
  return ts.createProgram(config.fileNames, config.options)
}

/** Errors are read where they are caught: their code, message and hint say what an example would. */
const isError = (symbol: ts.Symbol): boolean =>
  symbol.valueDeclaration !== undefined &&
  ts.isClassDeclaration(symbol.valueDeclaration) &&
  (symbol.valueDeclaration.heritageClauses ?? []).some((clause) => clause.getText().includes("Schema.TaggedError"))

const kindOf = (symbol: ts.Symbol): PublicSymbol["kind"] => {
  if (symbol.flags & ts.SymbolFlags.Class) return isError(symbol) ? "error" : "class"
  if (symbol.flags & ts.SymbolFlags.Function) return "function"
  if (symbol.flags & ts.SymbolFlags.Variable) return "const"
  if (symbol.flags & ts.SymbolFlags.Interface) return "interface"
  if (symbol.flags & ts.SymbolFlags.TypeAlias) return "type"
  return "namespace"
}

/** Reads the surface of every entry. Symbols that come from elsewhere, such as Effect's, are not ours to list. */
export const readSurface = (): ReadonlyMap<Entry, ReadonlyArray<PublicSymbol>> => {
  const { getSourceFile, getTypeChecker } = program()
  const checker = getTypeChecker()

  const describe = (name: string, exported: ts.Symbol, symbol: ts.Symbol): ReadonlyArray<PublicSymbol> => {
    const declaration = symbol.valueDeclaration ?? symbol.declarations?.[0]
    if (declaration === undefined) return []
    const file = path.relative(root, declaration.getSourceFile().fileName)
    if (!file.startsWith("packages/")) return []
    const { line } = ts.getLineAndCharacterOfPosition(
      declaration.getSourceFile(),
      (ts.getNameOfDeclaration(declaration) ?? declaration).getStart()
    )
    // What is re-exported may be described where it is declared, or where it is exported.
    const described = [...new Set([exported, symbol])]
    return [
      {
        name,
        kind: kindOf(symbol),
        file,
        line: line + 1,
        description: described.map((_) => ts.displayPartsToString(_.getDocumentationComment(checker))).join(""),
        tags: described.flatMap((_) => _.getJsDocTags(checker))
      }
    ]
  }

  const members = (container: ts.Symbol, prefix: string): ReadonlyArray<PublicSymbol> =>
    checker.getExportsOfModule(container).flatMap((exported) => {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
      const name = prefix + exported.name
      const isFile = symbol.valueDeclaration !== undefined && ts.isSourceFile(symbol.valueDeclaration)
      const own = isFile ? [] : describe(name, exported, symbol)
      const inner = symbol.flags & ts.SymbolFlags.Module ? members(symbol, `${name}.`) : []
      return [...own, ...inner]
    })

  return new Map(
    entries.map((entry) => {
      const file = getSourceFile(path.join(root, entry.source))
      const symbol = file && checker.getSymbolAtLocation(file)
      if (symbol === undefined) throw new Error(`${entry.source}: ${entry.name} has no exports`)
      return [entry, members(symbol, "").toSorted((a, b) => (a.name < b.name ? -1 : 1))]
    })
  )
}
