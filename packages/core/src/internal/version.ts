import { createRequire } from "node:module"

/** This package's own version. */
export const version = (): string => {
  const manifest: unknown = createRequire(import.meta.url)("@shipshape/core/package.json")
  // The package's own manifest always has a version.
  return (manifest as { readonly version: string }).version
}
