/** The words and signs of a text, for what the grammar's tree does not keep: brackets, and where a word stands. */

/** A word, sign or text, by its place in the file. */
export interface Token {
  readonly start: number
  readonly end: number
  /** In small letters, unless it is in quotes. */
  readonly text: string
}

const space = /(?:\s+|--[^\n]*)+/y
const quotedText = /[eE]'(?:\\[\s\S]|''|[^'\\])*'?|(?:[bBxXnN]|[uU]&)?'(?:''|[^'])*'?|(?:[uU]&)?"(?:""|[^"])*"?/y
const dollars = /(\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$)[\s\S]*?(?:\1|$)/y
const word = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|\$?\d[\w.]*|::|:=|[<>=!~@#%^&|`?+*/-]+|[\s\S]/y

const matchAt = (pattern: RegExp, text: string, at: number): string => {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0] ?? ""
}

/** Cuts a range of a text into tokens. Comments are none. */
export const tokensOf = (text: string, start = 0, end = text.length): ReadonlyArray<Token> => {
  const found: Array<Token> = []
  for (let i = start; i < end; ) {
    const skipped = matchAt(space, text, i)
    if (skipped !== "") {
      i += skipped.length
    } else if (text.startsWith("/*", i)) {
      i = endOfComment(text, i)
    } else {
      const quoted = matchAt(quotedText, text, i) || matchAt(dollars, text, i)
      const all = quoted || matchAt(word, text, i)
      found.push({ start: i, end: i + all.length, text: quoted || all.toLowerCase() })
      i += all.length
    }
  }
  return found
}

/** Comments nest. */
const endOfComment = (text: string, start: number): number => {
  let depth = 0
  for (const sign of text.slice(start).matchAll(/\/\*|\*\//g)) {
    depth += sign[0] === "/*" ? 1 : -1
    if (depth === 0) return start + sign.index + 2
  }
  return text.length
}

/** The ranges between semicolons. */
export const rangesOf = (text: string, start: number, end: number): ReadonlyArray<readonly [number, number]> => {
  const ranges: Array<readonly [number, number]> = []
  let first: Token | undefined
  let last: Token | undefined
  for (const token of tokensOf(text, start, end)) {
    if (token.text === ";") {
      if (first !== undefined && last !== undefined) ranges.push([first.start, last.end])
      first = last = undefined
    } else {
      first ??= token
      last = token
    }
  }
  if (first !== undefined && last !== undefined) ranges.push([first.start, last.end])
  return ranges
}
