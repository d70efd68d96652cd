import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { stripVTControlCharacters } from "node:util"
import { afterAll, expect, it } from "vitest"
import { type Ended, onTerminal, shipshape } from "./cli/support/shipshape.ts"
import { leaksIn, secretsOf, writings } from "./support/printedSecrets.ts"

/** All 10,000 with `SECRETS=10000`; it takes a quarter of an hour. */
const total = Number(process.env.SECRETS ?? 250)
const batch = Math.min(total, 1_000)

const leaky = new URL("./support/leaky.ts", import.meta.url).href
const root = mkdtempSync(join(tmpdir(), "shipshape-secrets-"))
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** The arguments of all processes of this machine, as they are seen by everybody, until `stop` is called. */
const watchArguments = () => {
  const seen = new Set<string>()
  const look = (): void => {
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      try {
        seen.add(readFileSync(`/proc/${pid}/cmdline`, "utf8"))
      } catch {
        // It has ended.
      }
    }
  }
  const timer = setInterval(look, 20)
  return {
    stop: (): ReadonlyArray<string> => {
      clearInterval(timer)
      return [...seen]
    }
  }
}

/** The texts of all files below a folder, and their names. */
const filesIn = (folder: string): ReadonlyArray<readonly [name: string, text: string]> =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .flatMap((path) => [
      [`${path}: its name`, path.slice(root.length)] as const,
      [path, readFileSync(path, "utf8")] as const
    ])

/** All strings within JSON, its keys too. */
const stringsIn = (json: unknown): ReadonlyArray<string> =>
  typeof json === "string"
    ? [json]
    : typeof json === "object" && json !== null
      ? Object.entries(json).flatMap(([key, value]) => [key, ...stringsIn(value)])
      : []

/** As it is read: JSON and annotations of GitHub without their escapes, anything else without its colours. */
const legible = (text: string): string => {
  try {
    return stringsIn(JSON.parse(text)).join("\n")
  } catch {
    const lines = text.split("\n")
    if (lines.length > 1) return lines.map(legible).join("\n")
    const plain = stripVTControlCharacters(text)
    return /^::(error|warning)/.test(plain) ? decodeURIComponent(plain.replace(/%(?!0A|0D|25|3A|2C)/g, "%25")) : plain
  }
}

/** Secrets that do not stand in a text by accident, in the writings that a program's own records could have. */
const unmistakable = (secrets: ReadonlyArray<string>): ReadonlyArray<string> => {
  const kinds = ["as it is", "JSON", "a part of a URL", "base64", "hex", "HTML"]
  const long = secrets.filter((secret) => secret.length >= 8)
  return [...new Set(long.flatMap((secret) => kinds.map((kind) => writings[kind]?.(secret) ?? secret)))]
}

/** What is left of a text without the pieces that the deployment marks: each line once. */
const rest = (text: string): string => [...new Set(text.replace(/[⟦⟪][^⟦⟧⟪⟫]*[⟧⟫]/g, "").split("\n"))].join("\n")

/** Runs the program in every way on one folder, and gives all that can be read of it afterwards. */
const tell = async (secrets: ReadonlyArray<string>) => {
  const folder = mkdtempSync(join(root, "batch-"))
  const [temporary, summary] = [join(folder, "tmp"), join(folder, "summary.md")]
  mkdirSync(temporary)
  // A deployment acts in the folder that its file is in.
  const file = join(folder, "deploy.mjs")
  writeFileSync(file, `export { default } from ${JSON.stringify(leaky)}`)
  const env = {
    ...Object.fromEntries(secrets.map((secret, i) => [`S${i}`, secret])),
    TMPDIR: temporary,
    GITHUB_STEP_SUMMARY: summary
  }
  const texts: Array<readonly [name: string, text: string]> = []
  const ran = async (ending: string, args: ReadonlyArray<string>, how = shipshape): Promise<Ended> => {
    const named = [...args, "--file", file, "--env", args.includes("undo") ? "undoing" : "staging"]
    const ended = await how(
      named.filter((arg) => arg !== "undo"),
      {
        cwd: folder,
        env: { ...env, LEAKY: `${secrets.length} ${ending}` }
      }
    )
    texts.push([`${args.join(" ")}: out`, ended.out], [`${args.join(" ")}: err`, ended.err])
    return ended
  }
  const terminal: typeof shipshape = (args, start) => onTerminal(args, start ?? {}, async () => {})
  const processes = watchArguments()
  const codes = {
    plan: (await ran("badly", ["plan", "--verbose"])).code,
    planJson: (await ran("badly", ["plan", "--json"])).code,
    blocked: (await ran("blocked", ["plan", "--verbose"])).code,
    tree: (await ran("badly", ["apply", "--yes", "--verbose", "--reporter", "tree"], terminal)).code,
    undo: (await ran("badly", ["apply", "--yes", "undo", "--verbose", "--reporter", "plain"])).code,
    ndjson: (await ran("badly", ["apply", "--yes", "--json"])).code,
    github: (await ran("badly", ["apply", "--yes", "--reporter", "github"])).code,
    planned: (await ran("well", ["plan", "--out", "plan.json"])).code,
    apply: (await ran("well", ["apply", "--plan", "plan.json", "--yes", "--reporter", "plain"])).code,
    verify: (await ran("well", ["verify", "--json"])).code,
    status: (await ran("well", ["status"])).code,
    statusJson: (await ran("well", ["status", "--json"])).code,
    history: (await ran("well", ["history"])).code,
    historyOfRun: (await ran("well", ["history", "1"])).code,
    historyJson: (await ran("well", ["history", "1", "--json"])).code
  }
  return { codes, texts: [...texts, ...filesIn(folder)], processes: processes.stop() }
}

it("no secret is found in anything that a run prints, keeps or starts", async () => {
  const secrets = secretsOf(total, 2)
  let [pieces, bytes] = [0, 0]
  for (let from = 0; from < total; from += batch) {
    const some = secrets.slice(from, from + batch)
    const { codes, processes, texts } = await tell(some)
    expect(codes).toEqual({
      plan: 0,
      planJson: 0,
      blocked: 1,
      tree: 1,
      undo: 1,
      ndjson: 1,
      github: 1,
      planned: 0,
      apply: 0,
      verify: 0,
      status: 0,
      statusJson: 0,
      history: 0,
      historyOfRun: 0,
      historyJson: 0
    })
    const names = texts.map(([name]) => name).join("\n")
    expect(names).toContain("summary.md")
    expect(names).toContain("plan.json")
    expect(names).toMatch(/\.shipshape\/leaky\/staging\/runs\/\d+\.ndjson/)
    expect(names).toMatch(/\.shipshape\/leaky\/staging\/releases\/\d+\.json/)
    const searched = unmistakable(some)
    for (const [name, raw] of texts) {
      const text = legible(raw)
      if (/--json: out$|\.ndjson$/.test(name)) for (const line of raw.trim().split("\n")) JSON.parse(line)
      const found = leaksIn(text)
      expect(found.leaks.slice(0, 5), name).toEqual([])
      pieces += found.pieces
      bytes += text.length
      const other = rest(text)
      expect(searched.filter((writing) => other.includes(writing)).slice(0, 5), name).toEqual([])
    }
    for (const given of processes) {
      const args = given.split("\0")
      expect(
        some.filter((secret) =>
          secret.length >= 8 ? given.includes(secret) : secret.length > 2 && args.includes(secret)
        )
      ).toEqual([])
    }
    expect(processes.some((given) => given.includes("printedSecrets"))).toBe(true)
  }
  // Every writing of every secret has been there to be found, several times over.
  expect(pieces).toBeGreaterThan(total * 45 * 4)
  console.info(`${total} secrets: ${pieces} pieces in ${bytes} characters`)
}, 7_200_000)
