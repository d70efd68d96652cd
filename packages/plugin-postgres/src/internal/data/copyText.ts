/** PostgreSQL's text format of COPY: a line for each row, cells between tabs. */

/** A cell; `null` is NULL. */
export type Cell = string | null

const special = /[\\\n\r\t]/
const escapes: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" }

const escape = (text: string): string =>
  special.test(text) ? text.replace(/[\\\n\r\t]/g, (found) => escapes[found] ?? found) : text

/** A row as a line, with its end. */
export const lineOf = (cells: ReadonlyArray<Cell>): string => {
  let line = ""
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i]
    line += `${i === 0 ? "" : "\t"}${cell === null || cell === undefined ? "\\N" : escape(cell)}`
  }
  return `${line}\n`
}

const letters: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" }

/** Octal and hexadecimal escapes are bytes, which nothing that PostgreSQL writes has. */
const unescape = (cell: string): string =>
  cell.includes("\\") ? cell.replace(/\\(.)/gs, (_, letter: string) => letters[letter] ?? letter) : cell

/** The cells of a line, without its end. */
export const cellsOf = (line: string): ReadonlyArray<Cell> =>
  line.split("\t").map((cell) => (cell === "\\N" ? null : unescape(cell)))
