import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import * as SchemaRepresentation from "effect/SchemaRepresentation"
import type { Plugin } from "../../Plugin.ts"
import { type Paint, paintOf } from "../../reporter/internal/paint.ts"
import { displayWidth, wrap } from "../../reporter/internal/text.ts"
import type { Described } from "../../Step.ts"
import type { Surface } from "./surface.ts"
import { didYouMean, type UsageInvalid, usage } from "./usage.ts"

/** A field of a step's input, as a deployment writes it. */
interface Field {
  readonly name: string
  readonly type: string
  readonly optional: boolean
  readonly description?: string
}

/** A step type of a plugin, as data. */
interface Listed {
  readonly plugin: string
  readonly type: string
  readonly description: string
  readonly risk: string
  readonly input: ReadonlyArray<Field>
  readonly output: ReadonlyArray<Field>
}

/** What the plugins offer: all of it, one plugin's, or one step type. */
export const stepsText = (
  plugins: ReadonlyArray<Plugin.Any>,
  { json, name }: { readonly json: boolean; readonly name: string | undefined },
  surface: Surface
): Effect.Effect<string, UsageInvalid> => {
  const all = plugins.flatMap((plugin) => plugin.steps.map((step) => listed(plugin.name, step)))
  const found = name === undefined ? all : all.filter((step) => step.type === name || step.plugin === name)
  if (name !== undefined && found.length === 0) {
    const known = [...new Set(all.flatMap((step) => [step.type, step.plugin]))]
    return Effect.fail(
      usage(
        didYouMean(`no plugin of the deployment offers “${name}”`, name, known),
        "`steps` without a name lists all; a plugin must stand in the deployment's `plugins`"
      )
    )
  }
  if (json) return Effect.succeed(JSON.stringify(found))
  const paint = paintOf(surface.color.out)
  const [only] = found
  return Effect.succeed(
    name !== undefined && found.length === 1 && only !== undefined
      ? detail(only, paint, surface.width())
      : overview(plugins, found, paint, surface.width())
  )
}

const listed = (plugin: string, { description, input, output, risk, type }: Described): Listed => ({
  plugin,
  type,
  description,
  risk,
  input: Object.entries(input).map(([key, schema]) => field(key, Schema.toEncoded(schema).ast)),
  output: Object.entries(output).map(([key, schema]) => field(key, Schema.toType(schema).ast))
})

const field = (name: string, ast: SchemaAST.AST): Field => {
  const description = SchemaAST.resolveDescription(ast)
  return {
    name,
    type: typeText(ast),
    optional: SchemaAST.isOptional(ast),
    ...(description === undefined ? {} : { description })
  }
}

/** The TypeScript type of a schema; a plugin's own declaration that cannot be printed is named as far as it says. */
const typeText = (ast: SchemaAST.AST): string => {
  try {
    const document = SchemaRepresentation.toMultiDocument(SchemaRepresentation.toRepresentation(ast))
    const type = SchemaRepresentation.toCodeDocument(document).codes[0]?.Type ?? "unknown"
    return type.replaceAll("globalThis.", "").replace(/readonly "([A-Za-z_$][\w$]*)"/g, "readonly $1")
  } catch {
    const expected = ast.annotations?.identifier ?? ast.annotations?.expected
    return typeof expected === "string" ? expected : "unknown"
  }
}

const riskText = (risk: string, paint: Paint): string =>
  risk === "destructive" ? paint.red(risk) : risk === "reversible" ? paint.yellow(risk) : paint.dim(risk)

const overview = (
  plugins: ReadonlyArray<Plugin.Any>,
  steps: ReadonlyArray<Listed>,
  paint: Paint,
  width: number
): string => {
  const column = Math.max(0, ...steps.map((step) => displayWidth(step.type)))
  const shown = plugins.filter((plugin) => steps.some((step) => step.plugin === plugin.name))
  if (shown.length === 0) return "the deployment has no plugins"
  return shown
    .map((plugin) => {
      const lines = steps
        .filter((step) => step.plugin === plugin.name)
        .flatMap((step) => {
          const beside = width >= column + 40
          const [first = "", ...more] = wrap(step.description, beside ? width - column - 18 : width - 4)
          const risk = riskText(step.risk, paint) + " ".repeat(Math.max(0, 11 - step.risk.length))
          return beside
            ? [
                `  ${step.type.padEnd(column)}   ${risk}  ${first}`,
                ...more.map((line) => " ".repeat(column + 18) + line)
              ]
            : [`  ${step.type}   ${risk}`.trimEnd(), ...[first, ...more].map((line) => `    ${line}`)]
        })
      return [`${paint.bold(plugin.name)} ${paint.dim(plugin.version)}   ${plugin.description}`, "", ...lines].join(
        "\n"
      )
    })
    .join("\n\n")
}

const detail = (step: Listed, paint: Paint, width: number): string =>
  [
    `${paint.bold(step.type)}   ${riskText(step.risk, paint)}`,
    ...wrap(step.description, width - 2).map((line) => `  ${line}`),
    "",
    ...fieldLines("input", step.input, paint),
    "",
    ...fieldLines("output", step.output, paint)
  ].join("\n")

const fieldLines = (label: string, fields: ReadonlyArray<Field>, paint: Paint): ReadonlyArray<string> => {
  if (fields.length === 0) return [`${label}: ${paint.dim("none")}`]
  const nameOf = (item: Field): string => `${item.name}${item.optional ? "?" : ""}`
  const column = Math.max(...fields.map((item) => nameOf(item).length))
  return [
    `${label}:`,
    ...fields.map(
      (item) =>
        `  ${nameOf(item).padEnd(column)}   ${paint.cyan(item.type)}${
          item.description === undefined ? "" : `   ${paint.dim(item.description)}`
        }`
    )
  ]
}
