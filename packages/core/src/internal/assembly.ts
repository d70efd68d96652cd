/**
 * Which steps were built while a deployment's generator runs, so that one that is built and never yielded is found.
 */

/** Only what identifies a step: the step module builds on this one. */
interface Built {
  readonly id: string
}

let current: Set<Built> | undefined

/** Runs `body` and returns the steps that it built and that nothing has taken over. */
export const collect = <A>(body: () => A): readonly [A, ReadonlySet<Built>] => {
  const outer = current
  const built = new Set<Built>()
  current = built
  try {
    return [body(), built]
  } finally {
    current = outer
  }
}

export const built = <S extends Built>(step: S): S => {
  current?.add(step)
  return step
}

/** A step that was yielded, or that another one stands in for. */
export const taken = (step: Built): void => {
  current?.delete(step)
}
