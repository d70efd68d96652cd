import * as Predicate from "effect/Predicate"
import type * as SchemaAST from "effect/SchemaAST"
import { Event } from "../Event.ts"
import * as Journal from "../Journal.ts"
import { Release } from "../Release.ts"

/** The words of the program itself in its data. They are no secret, even where a secret is the same. */
export interface OwnNames {
  /** Names of fields: the keys that are no data. */
  readonly fields: ReadonlySet<string>
  /** Fields whose texts are literals, or names that the deployment's own file gives. */
  readonly words: ReadonlySet<string>
}

/** All of it. */
const recorded = [Event, Journal.Record, Release]

/** Names that the deployment's own file gives, and what is computed. */
const givenNames = [
  "code",
  "commit",
  "dependsOn",
  "deployment",
  "digest",
  "environment",
  "id",
  "key",
  "only",
  "plan",
  "sha256",
  "skip",
  "step",
  "type"
]

/** Gives each field of a struct within a schema's type, with its own type. */
const visitFields = (root: SchemaAST.AST, field: (name: string, type: SchemaAST.AST) => void): void => {
  const seen = new Set<SchemaAST.AST>()
  const visit = (ast: SchemaAST.AST): void => {
    if (seen.has(ast)) return
    seen.add(ast)
    if (ast._tag === "Objects") {
      for (const { name, type } of ast.propertySignatures) if (Predicate.isString(name)) field(name, type)
    }
    for (const part of partsOf(ast)) visit(part)
  }
  visit(root)
}

const partsOf = (ast: SchemaAST.AST): ReadonlyArray<SchemaAST.AST> => {
  switch (ast._tag) {
    case "Objects":
      return [...ast.propertySignatures, ...ast.indexSignatures].map(({ type }) => type)
    case "Arrays":
      return [...ast.elements, ...ast.rest]
    case "Union":
      return ast.types
    case "Declaration":
      return ast.typeParameters
    case "Suspend":
      return [ast.thunk()]
    default:
      return []
  }
}

/** Whether any text at all may be a value of the type, or an item of it. */
const isText = (ast: SchemaAST.AST): boolean => {
  switch (ast._tag) {
    case "Literal":
    case "Number":
    case "Boolean":
    case "Objects":
      return false
    case "Arrays":
    case "Union":
      return partsOf(ast).some(isText)
    default:
      return true
  }
}

const isLiteral = (ast: SchemaAST.AST): boolean =>
  ast._tag === "Literal" || (ast._tag === "Union" && ast.types.some(isLiteral))

/** The names of all fields within a schema's type. */
export const fieldsOf = (ast: SchemaAST.AST): ReadonlySet<string> => {
  const fields = new Set<string>()
  visitFields(ast, (name) => fields.add(name))
  return fields
}

let own: OwnNames | undefined

/** The names in all that the program prints, stores or sends. */
export const ownNames = (): OwnNames => {
  if (own !== undefined) return own
  const fields = new Set<string>()
  const [literals, texts] = [new Set<string>(), new Set<string>()]
  for (const { ast } of recorded) {
    visitFields(ast, (name, type) => {
      fields.add(name)
      if (isText(type)) texts.add(name)
      else if (isLiteral(type)) literals.add(name)
    })
  }
  own = { fields, words: new Set([...givenNames, ...[...literals].filter((name) => !texts.has(name))]) }
  return own
}
