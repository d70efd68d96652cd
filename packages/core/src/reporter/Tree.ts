import { plain } from "./Plain.ts"
import type { Reporter, ReporterOptions } from "./Reporter.ts"
export const tree = (
  options: ReporterOptions & {
    readonly size: () => { readonly width: number; readonly height: number }
    readonly onResize: (listener: () => void) => () => void
  }
): Reporter => plain(options)
