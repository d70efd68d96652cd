/** What is read of other programs: both Compose 2.26 and 2.40, and what Docker's own rules say. */

import { assert, describe, it } from "@effect/vitest"
import { Command, Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import { engineError, linesOf, projectError, startError } from "../src/internal/classify.ts"
import { environmentWords, execError } from "../src/internal/containerRun.ts"
import { makeFilter } from "../src/internal/dockerignore.ts"
import { setKey } from "../src/internal/envText.ts"
import { parseConfig, parseContainers, parseHashes, parseImages, projectOf } from "../src/internal/facts.ts"
import { listeningIn, programOn, publishersIn } from "../src/internal/ports.ts"
import { isInRange, rangeProblem } from "../src/internal/version.ts"

const failed = (stderr: string, exitCode = 1, stdout = "") =>
  new Target.CommandFailed({ command: "docker compose x", exitCode, stdout, stderr, message: "failed", hint: "" })

describe("errors", () => {
  for (const [stderr, code] of [
    [
      "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
      "docker.daemon-unreachable"
    ],
    ['error during connect: Get "http://x": command [ssh] has exited', "docker.daemon-unreachable"],
    [
      "failed to connect to the docker API at unix:///x; check if the path is correct and if the daemon is running",
      "docker.daemon-unreachable"
    ],
    [
      "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get …",
      "docker.permission-denied"
    ],
    [
      "permission denied while trying to connect to the docker API at unix:///var/run/docker.sock",
      "docker.permission-denied"
    ],
    ["docker: 'compose' is not a docker command.\nSee 'docker --help'", "docker.not-installed"],
    ["docker: unknown command: docker compose\n\nRun 'docker --help' for more information", "docker.not-installed"],
    ["Error response from daemon: something else", "docker.failed"]
  ] as const) {
    it(`${code}: ${stderr.slice(0, 50)}`, () => assert.strictEqual(engineError(failed(stderr)).code, code))
  }

  for (const [stderr, code] of [
    ["open /srv/compose.yml: no such file or directory", "docker.file-missing"],
    ["env file /srv/.env not found: stat /srv/.env: no such file or directory", "docker.file-missing"],
    ["yaml: line 3: did not find expected node content", "docker.compose-file-invalid"],
    [
      "validating /srv/compose.yml: services.web Additional property imagee is not allowed",
      "docker.compose-file-invalid"
    ],
    [
      "validating /srv/compose.yml: services.web additional properties 'imagee' not allowed",
      "docker.compose-file-invalid"
    ],
    ['service "web" depends on undefined service db: invalid compose project', "docker.compose-file-invalid"],
    [
      "error while interpolating services.web.image: required variable TAG is missing a value: the release",
      "docker.variable-missing"
    ],
    ["failed to read /srv/.env: line 2: key cannot contain a space", "docker.compose-file-invalid"],
    ["Error response from daemon: boom", "docker.failed"]
  ] as const) {
    it(`${code}: ${stderr.slice(0, 50)}`, () => assert.strictEqual(projectError(failed(stderr)).code, code))
  }

  it("a command that is not there is the docker client", () => {
    const none = new Target.CommandNotFound({ program: "docker", message: "none", hint: "" })
    assert.strictEqual(engineError(none).code, "docker.not-installed")
  })

  it("what a command in a container prints is not taken for Compose's own words", () => {
    const own = failed("ValueError: must be a number\nservices: none", 1)
    assert.isUndefined(startError(own))
    const error = execError("web", Command.make("python", ["x.py"]))(own)
    assert.deepEqual([error._tag, error._tag === "CommandFailed" && error.command], ["CommandFailed", "python x.py"])
    for (const said of [
      'service "web" is not running',
      "Error response from daemon: container 1a2b is restarting, wait until the container is running",
      "Error response from daemon: container 1a2b is not running",
      "env file /srv/.env not found: stat /srv/.env: no such file or directory"
    ]) {
      const down = execError("web", Command.make("true", []))(failed(said))
      assert.strictEqual(down._tag === "TargetUnavailable" && down.resource, "service:web", said)
    }
  })

  it("lines are without what Compose 2.26 puts before them", () => {
    assert.deepEqual(linesOf("\u001b[2Kone\r\n\u001b[32mtwo\u001b[0m\n\n"), ["one", "two"])
  })
})

describe("facts", () => {
  it.effect("a project as `config` prints it", () =>
    Effect.gen(function* () {
      const config = yield* parseConfig(
        JSON.stringify({
          name: "edms",
          services: {
            db: {
              image: "postgres:17",
              command: null,
              volumes: [
                { type: "volume", source: "data", target: "/d", volume: {} },
                { type: "bind", source: "/x", target: "/y" }
              ]
            },
            web: {
              build: { context: "/srv/web" },
              deploy: { replicas: 2 },
              depends_on: { db: { condition: "service_healthy", required: true } }
            }
          },
          volumes: { data: { name: "edms_data" }, shared: { name: "other", external: true } }
        })
      )
      const project = projectOf(config, parseHashes("db aaa\nweb bbb\n"))
      assert.deepEqual(project.services.web, {
        name: "web",
        image: "edms-web",
        buildable: true,
        hash: "bbb",
        dependsOn: { db: "service_healthy" },
        volumes: [],
        replicas: 2
      })
      assert.deepEqual(project.services.db?.volumes, ["data"])
      assert.deepEqual(project.volumes.shared, { key: "shared", name: "other", external: true })
    })
  )

  it.effect("images by every way to write their name", () =>
    Effect.gen(function* () {
      const inspected = [
        {
          Id: "sha256:1",
          RepoTags: ["postgres:17", "reg.example:5000/app:latest"],
          RepoDigests: ["postgres@sha256:abc"],
          Config: { Labels: null }
        }
      ]
      const names = [
        "postgres:17",
        "docker.io/library/postgres:17",
        "docker.io/postgres:17",
        "postgres:17@sha256:abc",
        "reg.example:5000/app",
        "postgres",
        "redis:7"
      ]
      const images = yield* parseImages(names, JSON.stringify(inspected))
      assert.deepEqual([...images.keys()], names.slice(0, 5))
    })
  )

  it.effect("containers, with and without a health check", () =>
    Effect.gen(function* () {
      const inspected = (state: object) => ({
        Id: "1",
        Name: "/edms-db-1",
        Image: "sha256:1",
        RestartCount: 2,
        State: { Status: "running", ExitCode: 0, StartedAt: "2026-01-01T00:00:00.5Z", ...state },
        Config: {
          Labels: {
            "com.docker.compose.service": "db",
            "com.docker.compose.config-hash": "aaa",
            "com.docker.compose.oneoff": "False"
          }
        },
        Mounts: [{ Type: "volume", Name: "edms_data" }, { Type: "bind" }]
      })
      const [well, plain, never] = yield* parseContainers(
        JSON.stringify([
          inspected({ Health: { Status: "unhealthy", Log: [{ Output: "one" }, { Output: "two\n" }] } }),
          inspected({}),
          inspected({ Status: "created", StartedAt: "0001-01-01T00:00:00Z", Health: { Status: "none", Log: null } })
        ])
      )
      assert.deepInclude(well, {
        name: "edms-db-1",
        health: "unhealthy",
        lastProbe: "two",
        startedAt: Date.UTC(2026, 0, 1) + 500,
        volumes: ["edms_data"],
        restartCount: 2,
        hash: "aaa"
      })
      assert.isUndefined(plain?.health)
      assert.deepInclude(never, { state: "created", health: undefined, startedAt: 0 })
    })
  )

  it.effect("what is none of it is an error with a hint", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(parseConfig("null"))
      assert.deepEqual([error.code, error.hint === ""], ["docker.failed", false])
    })
  )

  it("ports", () => {
    const table =
      "  sl  local_address rem_address   st\n   0: 0100007F:1F41 00000000:0000 0A 0\n   1: 0100007F:1F42 0100007F:9999 01 0\n"
    assert.deepEqual([...listeningIn(table)], [8001])
    assert.deepEqual(
      publishersIn(
        "web\tedms\t127.0.0.1:8001->8000/tcp, [::]:9000-9001->9000-9001/tcp, 53/udp, 0.0.0.0:53->53/udp\ndb\t\t5432/tcp\n"
      ),
      [
        { name: "web", project: "edms", ports: [8001, 9000, 9001] },
        { name: "db", project: "", ports: [] }
      ]
    )
    const sockets = 'LISTEN 0 511 127.0.0.1:3001 0.0.0.0:* users:(("node",pid=42,fd=18))\nLISTEN 0 1 *:3002 *:*'
    assert.deepEqual(
      [programOn(3001, sockets), programOn(3002, sockets), programOn(1, sockets)],
      ["node (process 42)", undefined, undefined]
    )
  })

  it("versions, with what distributions add to them", () => {
    assert.deepEqual(
      ["2.26.1-4", "v2.40.3+ds1", "2.20", "2.19.9"].map((v) => isInRange(v, ">=2.20")),
      [true, true, true, false]
    )
    assert.deepEqual([rangeProblem("^2.20 || >=3"), rangeProblem("newest")?.includes("newest")], [undefined, true])
  })
})

describe(".dockerignore", () => {
  const ignored = (rules: string, paths: ReadonlyArray<string>) => paths.filter((path) => !makeFilter(rules)(path))

  it("as Docker reads it", () => {
    const paths = ["a", "a/b", "a/b/c.pyc", "b/a", "c.pyc", "x/y/c.pyc", ".env", "README.md", "docs/README.md"]
    assert.deepEqual(ignored("a", paths), ["a", "a/b", "a/b/c.pyc"])
    assert.deepEqual(ignored("/a/", paths), ["a", "a/b", "a/b/c.pyc"])
    assert.deepEqual(ignored("*.pyc", paths), ["c.pyc"])
    assert.deepEqual(ignored("**/*.pyc", paths), ["a/b/c.pyc", "c.pyc", "x/y/c.pyc"])
    assert.deepEqual(ignored("x/**", paths), ["x/y/c.pyc"])
    assert.deepEqual(ignored("**/README.md\n!docs/README.md", paths), ["README.md"])
    assert.deepEqual(ignored("# a\n\n.env\n", paths), [".env"])
    assert.deepEqual(ignored("?/?", paths), ["a/b", "a/b/c.pyc", "b/a", "x/y/c.pyc"])
    assert.deepEqual(ignored("[bc]*", paths), ["b/a", "c.pyc"])
  })

  it("everything but", () => {
    assert.deepEqual(ignored("*\n!src", ["src", "src/a", "b", "b/src"]), ["b", "b/src"])
    assert.deepEqual(ignored("**", ["a", "a/b"]), ["a", "a/b"])
  })
})

describe("env files", () => {
  it("changes one key and nothing else", () => {
    const text = "# one\nA=1 # kept\nexport B='x\ny'\n\nC=3"
    assert.strictEqual(setKey(text, "B", "2"), "# one\nA=1 # kept\nB=2\n\nC=3")
    assert.strictEqual(setKey(text, "D", "a b"), `${text}\nD='a b'\n`)
    assert.strictEqual(setKey("", "A", "it's $x"), 'A="it\'s \\$x"\n')
    assert.strictEqual(setKey("A=1\nA=2\n", "A", "3"), "A=1\nA=3\n")
  })
})

describe("variables for a container", () => {
  it("keep out of arguments, unless they would steer the docker client", () => {
    const { env, refused, words } = environmentWords({
      TOKEN: "t",
      PATH: "/bin",
      DOCKER_HOST: "tcp://x",
      COMPOSE_FILE: "y"
    })
    assert.deepEqual(words, [
      "--env",
      "TOKEN",
      "--env",
      "PATH=/bin",
      "--env",
      "DOCKER_HOST=tcp://x",
      "--env",
      "COMPOSE_FILE=y"
    ])
    assert.deepEqual([env, refused], [{ TOKEN: "t" }, []])
  })
})
