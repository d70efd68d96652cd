// One build for every package, started in the package's folder. What is public is read from its manifest, so a new
// entry point is a line in `exports` and nothing here.
import { readdirSync, readFileSync } from "node:fs"
import { defineConfig } from "tsup"

interface Manifest {
  readonly exports: Record<string, string | null | { readonly "@shipshape/source": string }>
  readonly bin?: Record<string, string>
}

/** `./src/*.ts` stands for every module of that folder: its types can then be named in a user's declarations. */
function modules(source: string): ReadonlyArray<string> {
  if (!source.includes("*")) return [source]
  return readdirSync("src")
    .filter((file) => file.endsWith(".ts"))
    .map((file) => `./src/${file}`)
}

const manifest = JSON.parse(readFileSync("package.json", "utf8")) as Manifest

const entries = Object.values(manifest.exports).flatMap((entry) =>
  entry !== null && typeof entry === "object" ? modules(entry["@shipshape/source"]) : []
)
const programs = Object.values(manifest.bin ?? {}).map((file) =>
  file.replace("/dist/", "/src/").replace(/\.js$/, ".ts")
)

export default defineConfig({
  entry: Object.fromEntries(
    [...entries, ...programs].map((source) => [source.replace(/^\.\/src\//, "").replace(/\.ts$/, ""), source])
  ),
  format: "esm",
  target: "node22",
  splitting: true,
  sourcemap: true,
  clean: true,
  // See tsconfig.build.json for who writes the declarations.
  dts: false,
  // A library bundles itself only: whatever it imports is installed with it.
  skipNodeModulesBundle: true,
  silent: true
})
