/** Compares two schemas as `pg_dump --schema-only` and `pg_restore --schema-only` write them. */

/** An object whose definitions differ: `TABLE public.users`. */
export interface Difference {
  readonly object: string
  readonly kind: "lost" | "gained" | "changed"
  /** The first lines that differ, as they were and as they are. */
  readonly lines: ReadonlyArray<string>
}

/** What differs, in the order of the first. */
export const compare = (expected: string, found: string): ReadonlyArray<Difference> => {
  const [before, after] = [objectsOf(expected), objectsOf(found)]
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((object): ReadonlyArray<Difference> => {
    const [was, is] = [before.get(object), after.get(object)]
    if (is === undefined) return [{ object, kind: "lost", lines: [] }]
    if (was === undefined) return [{ object, kind: "gained", lines: [] }]
    return was === is ? [] : [{ object, kind: "changed", lines: firstDifference(was, is) }]
  })
}

const firstDifference = (was: string, is: string): ReadonlyArray<string> => {
  const [before, after] = [was.split("\n"), is.split("\n")]
  const at = before.findIndex((line, i) => line !== after[i])
  return [`- ${before[at] ?? ""}`, `+ ${after[at] ?? ""}`]
}

const header = /^--\n-- Name: (.*); Type: (.*); Schema: (.*); Owner: (.*)\n--\n/m

/** The definition of each object, with its owner. */
const objectsOf = (script: string): ReadonlyMap<string, string> => {
  const objects = new Map<string, string>()
  const [, ...parts] = script.split(header)
  for (let at = 0; at + 4 < parts.length; at += 5) {
    const [name = "", type = "", schema = "", owner = "", text = ""] = parts.slice(at, at + 5)
    // Rows are not a part of the schema.
    if (type.endsWith(" DATA")) continue
    const object = schema === "-" ? `${type} ${name}` : `${type} ${schema}.${name}`
    objects.set(object, `${objects.get(object) ?? ""}owner ${owner}\n${definitionOf(text)}`)
  }
  return objects
}

/** What is said of a session, of the tools' versions, or is random. */
const besideTheObject = /^(?:--.*|SET .*|\\(?:un)?restrict .*|)$/

const definitionOf = (text: string): string =>
  text
    .split("\n")
    .filter((line) => !besideTheObject.test(line))
    .map(castEach)
    .join("\n")

/** A literal with its type: `'a'::character varying(9)`. */
const element = String.raw`'(?:[^']|'')*'::[\w ]+(?:\(\d+\))?`

const castArray = new RegExp(String.raw`\(ARRAY\[((?:${element}(?:, )?)+)\]\)::([\w ]+)\[\]`, "g")

/** The server writes the cast of an array as the casts of its elements once it has read it: both mean the same. */
const castEach = (line: string): string =>
  line.replace(castArray, (_, elements: string, type: string) => {
    const casts = elements.match(new RegExp(element, "g")) ?? []
    return `ARRAY[${casts.map((one) => `(${one})::${type}`).join(", ")}]`
  })
