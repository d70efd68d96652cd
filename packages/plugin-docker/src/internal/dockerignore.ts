/** Which files of a context the builder sees: the rules of `.dockerignore`, as Docker reads them. */

interface Rule {
  readonly keeps: boolean
  readonly pattern: RegExp
}

const special = /[\\^$.+()|{}]/

/** `*` stays within a folder, `**` does not, `?` is one letter, `[…]` one of several; what is below a match matches. */
const patternOf = (glob: string): RegExp => {
  let text = ""
  for (let i = 0; i < glob.length; i++) {
    const letter = glob[i] ?? ""
    if (letter === "*" && glob[i + 1] === "*") {
      i++
      if (glob[i + 1] === "/") i++
      text += i === glob.length - 1 && glob[i] === "*" ? ".*" : "(.*/)?"
    } else if (letter === "*") text += "[^/]*"
    else if (letter === "?") text += "[^/]"
    else if (letter === "[" && glob.indexOf("]", i) !== -1) {
      const end = glob.indexOf("]", i)
      text += glob.slice(i, end + 1)
      i = end
    } else if (letter === "\\" && i + 1 < glob.length) text += escaped(glob[++i] ?? "")
    else text += escaped(letter)
  }
  return new RegExp(`^${text}(/|$)`)
}

const escaped = (letter: string): string =>
  special.test(letter) || letter === "*" || letter === "?" ? `\\${letter}` : letter

const ruleOf = (line: string): ReadonlyArray<Rule> => {
  const trimmed = line.trim()
  if (trimmed === "" || line.startsWith("#")) return []
  const keeps = trimmed.startsWith("!")
  const glob = trimmed
    .slice(keeps ? 1 : 0)
    .trim()
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/")
  return glob === "" ? [] : [{ keeps, pattern: patternOf(glob) }]
}

/** Whether the builder sees a path of the context: the last rule that matches it decides. */
export const makeFilter = (text: string): ((path: string) => boolean) => {
  const rules = text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .flatMap(ruleOf)
  return (path) => rules.findLast((rule) => rule.pattern.test(path))?.keeps ?? true
}
