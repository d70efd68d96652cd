/** Cuts a stream of bytes into rows. */
import { Transform } from "node:stream"
import type { Format, Transform as RowTransform } from "../../Data.ts"
import { type Cell, cellsOf, lineOf } from "./copyText.ts"
import * as json from "./json.ts"
import type { Column } from "./relations.ts"

/** A line that is none of the format. */
export class BadLine extends Error {
  readonly line: number
  readonly problem: string

  constructor(line: number, problem: string) {
    super(problem)
    this.line = line
    this.problem = problem
  }
}

/** What is read of a file. */
export interface Shape {
  readonly format: Format
  /** The columns of the file, in their order. */
  readonly inFile: ReadonlyArray<string>
  readonly transform: RowTransform | undefined
  /** The columns of each row after the transform, those that are left out too. */
  readonly given: ReadonlyArray<string>
  /** The columns that are written, in the order of the cells. */
  readonly columns: ReadonlyArray<Column>
}

/** Reads the row of one line. */
export const reader = (shape: Shape): ((line: string, number: number) => ReadonlyArray<Cell>) => {
  const { columns, format, given, inFile, transform } = shape
  const pick = (row: Readonly<Record<string, json.Value>>, number: number): ReadonlyArray<Cell> => {
    let place = 0
    // Mostly the columns come in the same order.
    for (const name in row) {
      if (name !== given[place] && !given.includes(name)) throw new BadLine(number, differs(Object.keys(row), given))
      place++
    }
    if (place !== given.length) throw new BadLine(number, differs(Object.keys(row), given))
    return columns.map(({ kind, name }) => json.textOf(row[name], kind))
  }
  if (format === "jsonl") {
    return (line, number) => {
      const row = rowOf(line, number)
      return pick(transform === undefined ? row : transform.row(json.plain(row)), number)
    }
  }
  const places = columns.map(({ name }) => inFile.indexOf(name))
  return (line, number) => {
    const cells = cellsOf(line)
    if (cells.length !== inFile.length) {
      throw new BadLine(number, `it has ${cells.length} cells, and there are ${inFile.length} columns`)
    }
    if (transform === undefined) return places.map((place) => cells[place] ?? null)
    return pick(transform.row(Object.fromEntries(inFile.map((name, i) => [name, cells[i] ?? null]))), number)
  }
}

/** The object on a line of JSON lines. */
export const rowOf = (line: string, number: number): Readonly<Record<string, json.Value>> => {
  const value = parseLine(line, number)
  if (!json.isRow(value)) throw new BadLine(number, "it is no JSON object")
  return value
}

const parseLine = (line: string, number: number): json.Value => {
  try {
    return json.parse(line)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new BadLine(
      number,
      line.trim() === "" ? "it is empty" : `it is no JSON: ${error.message.replace(/, ".*$/s, "")}`
    )
  }
}

const differs = (found: ReadonlyArray<string>, expected: ReadonlyArray<string>): string => {
  const more = found.filter((name) => !expected.includes(name))
  const less = expected.filter((name) => !found.includes(name))
  const words = [
    ...(more.length === 0 ? [] : [`has ${more.join(", ")}`]),
    ...(less.length === 0 ? [] : [`lacks ${less.join(", ")}`])
  ]
  return `it ${words.join(" and ")}, unlike the first line`
}

/** Gives the lines of what is pushed, with their numbers from 1. */
export const splitter = (each: (line: string, number: number) => void) => {
  const decoder = new TextDecoder("utf-8", { fatal: true })
  let rest = ""
  let number = 0
  const take = (text: string) => {
    const lines = (rest + text).split("\n")
    rest = lines.pop() ?? ""
    for (const line of lines) each(line, ++number)
  }
  const decode = (chunk?: Uint8Array): string => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined })
    } catch {
      throw new BadLine(number + 1 + newlinesBefore(chunk), "it is not UTF-8")
    }
  }
  return {
    push: (chunk: Uint8Array) => take(decode(chunk)),
    end: () => {
      take(decode())
      if (rest !== "") each(rest, ++number)
      rest = ""
    }
  }
}

/** How many lines of a chunk end before the one that cannot be decoded. */
const newlinesBefore = (chunk: Uint8Array = new Uint8Array()): number => {
  const decoder = new TextDecoder("utf-8", { fatal: true })
  let at = 0
  for (let lines = 0; ; lines++) {
    const end = chunk.indexOf(10, at)
    try {
      decoder.decode(chunk.subarray(at, end < 0 ? undefined : end + 1), { stream: end < 0 })
    } catch {
      return at === 0 ? 0 : lines
    }
    if (end < 0) return lines
    at = end + 1
  }
}

/** Turns the lines of a file into lines of COPY. */
export const toCopy = (shape: Shape): Transform => {
  const read = reader(shape)
  return perChunk((line, number) => lineOf(read(line, number)))
}

/** Turns lines into other text, a chunk at a time. */
export const perChunk = (each: (line: string, number: number) => string): Transform => {
  let out = ""
  const lines = splitter((line, number) => {
    out += each(line, number)
  })
  const flush = (transform: Transform) => {
    if (out !== "") transform.push(Buffer.from(out))
    out = ""
  }
  return new Transform({
    transform(chunk: Buffer, _, done) {
      try {
        lines.push(chunk)
        flush(this)
        done()
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)))
      }
    },
    flush(done) {
      try {
        lines.end()
        flush(this)
        done()
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)))
      }
    }
  })
}
