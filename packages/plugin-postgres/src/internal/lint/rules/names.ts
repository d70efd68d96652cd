/** Names that are not what they seem. */
import type { Rule } from "../script.ts"

const longest = 63

export const tooLong: Rule = {
  name: "identifier-too-long",
  severity: "warning",
  title: "a name of more than 63 bytes",
  why: "PostgreSQL cuts it off and goes on: two long names can become one, and IF NOT EXISTS then finds the other.",
  hint: "use a shorter name",
  *check({ tokens, within }) {
    if (within !== undefined) return
    for (const { end, start, text } of tokens) {
      const name = text.startsWith('"')
        ? text.slice(1, -1).replaceAll('""', '"')
        : /^[a-z_\u0080-\uffff]/.test(text)
          ? text
          : ""
      const bytes = Buffer.byteLength(name)
      if (bytes > longest && !/^(?:[enbx]|u&)?'/.test(text)) {
        yield { at: start, to: end, message: `this name has ${bytes} bytes, and is cut off after ${longest}` }
      }
    }
  }
}
