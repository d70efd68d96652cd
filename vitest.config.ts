import { defineConfig, type TestProjectConfiguration } from "vitest/config"

// Tests run the sources of every package of this workspace; none needs a build.
const conditions = ["@shipshape/source"]

/** A deployment is killed at each of its moments. */
const crash = "packages/plugin-postgres/test/crash/*.test.ts"

/** A project of tests that act on a real Docker engine: one file, and one such project, after the other. */
const engine = (name: string, groupOrder: number, include: string): TestProjectConfiguration => ({
  extends: true,
  test: {
    name,
    include: [include],
    globalSetup: "test/support/engine-setup.ts",
    runner: "test/support/engine-runner.ts",
    fileParallelism: false,
    sequence: { groupOrder },
    testTimeout: 300_000,
    hookTimeout: 300_000
  }
})

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    pool: "forks",
    ...(process.env.CI === "true" ? { reporters: ["default", "./test/support/no-skips.ts"] } : {}),
    // By default one core is left to Vitest itself, which on a machine of two cores halves the tests' share.
    maxWorkers: "100%",
    silent: "passed-only",
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["packages/*/test/**/*.test.ts", "examples/*/*.test.ts", "test/*.test.ts"],
          exclude: [crash],
          // Of what goes wrong, not of what takes long: on a busy machine some take a minute.
          testTimeout: 120_000,
          hookTimeout: 120_000
        }
      },
      {
        extends: true,
        test: {
          name: "crash",
          include: [crash],
          // Its processes keep all cores busy: the others come before it.
          sequence: { groupOrder: 1 },
          testTimeout: 120_000,
          hookTimeout: 120_000
        }
      },
      {
        extends: true,
        test: {
          name: "docs",
          include: ["test/docs/*.test.ts"],
          globalSetup: "test/docs/setup.ts",
          testTimeout: 120_000
        }
      },
      engine("engine", 2, "packages/*/test-engine/**/*.test.ts"),
      engine("edms-engine", 3, "examples/edms/test-engine/**/*.test.ts")
    ]
  }
})
