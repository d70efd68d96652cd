import { describe, expect, it } from "vitest"
import { run } from "./support/inProcess.ts"
import { world } from "./support/world.ts"

/** What is refused: how it was typed, the exit code, the code of the failure, and words that must stand in it. */
interface Refused {
  readonly args: ReadonlyArray<string>
  readonly code?: number
  readonly failure?: string
  readonly says: ReadonlyArray<string>
  readonly never?: ReadonlyArray<string>
  readonly env?: Readonly<Record<string, string>>
  readonly files?: Readonly<Record<string, string>>
}

const refusals: Readonly<Record<string, Refused>> = {
  "an unknown command": { args: ["plna"], says: ["no command “plna”", "did you mean “plan”?"] },
  "a flag before the command": { args: ["--env", "staging", "plan"], says: ["--env before the command"] },
  "an unknown flag": { args: ["plan", "--evn", "staging"], says: ["plan has no flag --evn", "did you mean “--env”?"] },
  "a flag of another command": { args: ["plan", "--yes"], says: ["plan has no flag --yes"] },
  "a flag without its value": { args: ["plan", "--env"], says: ["--env needs a value"] },
  "a flag given twice": {
    args: ["plan", "--env", "staging", "--env", "production"],
    says: ["--env is given more than once"]
  },
  "an argument too many": { args: ["plan", "staging"], says: ["plan takes no “staging”"] },
  "an unknown shell": { args: ["completions", "tcsh"], says: ["“tcsh”", "bash, zsh, fish"] },
  "an unknown reporter": {
    args: ["plan", "--reporter", "gitub"],
    says: ["--reporter cannot be “gitub”", "did you mean “github”?"]
  },
  "two ways of showing": {
    args: ["plan", "--env", "staging", "--json", "--reporter", "tree"],
    says: ["contradict each other"]
  },
  "no environment where there are two": {
    args: ["plan"],
    says: ["which environment is meant?", "staging, production"]
  },
  "an unknown environment": {
    args: ["plan", "--env", "stagin"],
    says: ["no environment “stagin”", "did you mean “staging”?"]
  },
  "an unknown step": {
    args: ["plan", "--env", "staging", "--only", "databse"],
    failure: "core.unknown-name",
    says: ["no step “databse”", "did you mean “database”?"]
  },
  "a step in --only and --skip": {
    args: ["plan", "--env", "staging", "--only", "trgm,database", "--skip", "database"],
    says: ["--only and --skip both name “database”"]
  },
  "an unknown step type": {
    args: ["steps", "test.thin"],
    says: ["offers “test.thin”", "did you mean “test.thing”?"]
  },
  "a concurrency of none": {
    args: ["plan", "--env", "staging", "--concurrency", "0"],
    says: ["--concurrency cannot be “0”"]
  },
  "a concurrency that is no number": {
    args: ["plan", "--env", "staging", "--concurrency", "lots"],
    says: ["--concurrency cannot be “lots”"]
  },
  "an input without a value": {
    args: ["plan", "--env", "staging", "--input", "hunter22-secret"],
    says: ["--input needs NAME=VALUE"],
    never: ["hunter22"]
  },
  "an unknown input": {
    args: ["plan", "--env", "staging", "--input", "worlds=x"],
    says: ["no input “worlds”", "did you mean “world”?"]
  },
  "a secret in the arguments": {
    args: ["plan", "--env", "staging", "--input", "token=hunter22-secret"],
    says: ["TOKEN is a secret"],
    never: ["hunter22"]
  },
  "an input file that is not there": {
    args: ["plan", "--env", "staging", "--input-file", "nowhere.env"],
    says: ["cannot read the input file nowhere.env"]
  },
  "an input file that is a folder": {
    args: ["plan", "--env", "staging", "--input-file", "."],
    says: ["cannot read the input file ."]
  },
  "a broken line of an input file": {
    args: ["plan", "--env", "staging", "--input-file", "broken.env"],
    files: { "broken.env": "WORLD=x\nhunter22-secret\n" },
    failure: "core.env-file-invalid",
    says: ["broken.env:2: expected KEY=VALUE"],
    never: ["hunter22"]
  },
  "inputs that are missing or wrong, all at once": {
    args: ["plan", "--env", "staging", "--input-file", "workers.env"],
    env: { WORLD: "", TOKEN: "" },
    files: { "workers.env": "WORKERS=many\n" },
    failure: "core.inputs-invalid",
    says: ["input “world”: WORLD", "input “token”: TOKEN", "input “workers”: WORKERS", "workers.env"]
  },
  "a fresh start on precious data": {
    args: ["apply", "--env", "production", "--fresh", "--yes"],
    code: 5,
    failure: "policy.fresh-on-precious-data",
    says: ["“production”", "leave out --fresh"]
  },
  "a file where the program is the deployment": {
    args: ["plan", "--file", "deploy.ts"],
    says: ["--file has no meaning here"]
  },
  "a mistyped command": { args: ["rolback"], says: ["no command “rolback”", "did you mean “rollback”?"] },
  "a mistyped flag of a new command": {
    args: ["resume", "--undoo"],
    says: ["resume has no flag --undoo", "did you mean “--undo”?"]
  },
  "a run and one more": { args: ["history", "1", "2"], says: ["history takes no “2”"] },
  "an environment of records that is not there": {
    args: ["history", "--env", "stagin"],
    says: ["no environment “stagin”", "did you mean “staging”?"]
  },
  "inputs of a status": {
    args: ["status", "--env", "staging", "--json"],
    env: { TOKEN: "" },
    failure: "core.inputs-invalid",
    says: ["input “token”: TOKEN"]
  },
  "a rollback without a release": {
    args: ["rollback", "--env", "staging", "--yes"],
    failure: "core.release-unknown",
    says: ["there is no release to go back to"]
  },
  "apply with nobody to ask": {
    args: ["apply", "--env", "staging"],
    says: ["apply needs approval", "say --yes"]
  }
}

describe("a wrong command line is refused before anything runs", () => {
  for (const [
    what,
    { args, code = 64, env = {}, failure = "usage.invalid", files = {}, never = [], says }
  ] of Object.entries(refusals)) {
    it(what, async () => {
      const here = world(env)
      for (const [name, text] of Object.entries(files)) here.file(name, text)
      const ended = await run(args, here)
      expect(ended.code, ended.err).toBe(code)
      if (args.includes("--json")) expect(JSON.parse(ended.out)).toMatchObject({ failure: { code: failure } })
      else expect(ended.out).toBe("")
      const text = ended.err.replace(/\s+/g, " ")
      expect(text).toContain(`error[${failure}]: `)
      expect(text).toContain(" hint: ")
      for (const words of says) expect(text).toContain(words)
      for (const words of never) expect(text).not.toContain(words)
      expect(text).not.toMatch(/\bat \S+ \(|node:internal|\.ts:\d+:\d+\)/)
    })
  }
})

describe("what is typed is helped with", () => {
  const commands = ["plan", "apply", "verify", "resume", "rollback", "status", "history", "unlock", "graph", "steps"]
  for (const command of commands) {
    it(`${command} --help says what it does, and with which flags`, async () => {
      const ended = await run([command, "--help"], world())
      expect(ended).toMatchObject({ code: 0, err: "" })
      expect(ended.out).toContain("--env")
      expect((await run(["--help"], world())).out).toMatch(new RegExp(`\\n +${command} `))
    })
  }

  it("the flags of runs are there", async () => {
    const flags = {
      plan: ["--out FILE"],
      apply: ["--plan FILE", "--wait [=DURATION]", "--yes"],
      resume: ["--undo", "--wait [=DURATION]"],
      rollback: ["--to RELEASE", "--schema", "--data", "--out FILE", "--plan FILE"],
      history: ["--limit N", "--json"],
      unlock: ["--reason TEXT", "--yes"]
    }
    for (const [command, words] of Object.entries(flags)) {
      const { out } = await run([command, "--help"], world())
      for (const word of words) expect(out).toContain(word)
    }
    for (const shell of ["bash", "zsh", "fish"]) {
      const { out } = await run(["completions", shell], world())
      for (const word of ["rollback", "unlock", "history", "resume", "status", "undo", "wait"])
        expect(out).toContain(word)
    }
  })
})

describe("with --json a refusal is JSON too", () => {
  it("plan: one object with the failure", async () => {
    const ended = await run(["plan", "--env", "nowhere", "--json"], world())
    expect(ended.code).toBe(64)
    expect(JSON.parse(ended.out)).toMatchObject({ failure: { code: "usage.invalid", hint: expect.any(String) } })
  })

  it("apply: the event that ends a run", async () => {
    const ended = await run(["apply", "--env", "staging", "--json", "--nope"], world())
    expect(ended.code).toBe(64)
    expect(JSON.parse(ended.out)).toMatchObject({
      _tag: "RunFinished",
      outcome: "refused",
      failure: { code: "usage.invalid" }
    })
  })
})
