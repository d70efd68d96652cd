/** Where something stands in a text, as people and editors count. */

/** A line and a column, both from 1; columns count characters, not UTF-16 units. */
export interface Place {
  readonly line: number
  readonly column: number
}

/** The places of one text. */
export interface Places {
  /** The place of an index into the text, which counts UTF-16 units as `slice` does. */
  readonly of: (index: number) => Place
  /** A line without its end, by its number. */
  readonly line: (number: number) => string
}

export const placesOf = (text: string): Places => {
  const starts = [0]
  for (let i = text.indexOf("\n"); i !== -1; i = text.indexOf("\n", i + 1)) starts.push(i + 1)
  const startOf = (line: number): number => starts[line - 1] ?? text.length
  const lineOf = (index: number): number => {
    let [low, high] = [1, starts.length]
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if (startOf(middle) <= index) low = middle
      else high = middle - 1
    }
    return low
  }
  return {
    of: (index) => {
      const line = lineOf(index)
      return { line, column: characters(text.slice(startOf(line), index)) + 1 }
    },
    line: (number) => text.slice(startOf(number), startOf(number + 1)).replace(/\r?\n$/, "")
  }
}

const characters = (text: string): number => {
  let count = 0
  for (const _ of text) count++
  return count
}

/** The line of a place and, below it, what points at the column; tabs stay what they are, so that it points there. */
export const pointedAt = (places: Places, { column, line }: Place): ReadonlyArray<string> => {
  const source = places.line(line)
  const before = [...source].slice(0, column - 1)
  return [source, `${before.map((c) => (c === "\t" ? c : " ")).join("")}^`]
}
