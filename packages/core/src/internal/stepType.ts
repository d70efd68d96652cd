/** Step types as what they were defined with, so that one can be made anew with more. */
import type { Definition as ReleaseDefinition } from "../Release.ts"
import type { InputFields, StepType } from "../Step.ts"
import type { Definition as UndoDefinition } from "../Undo.ts"

/** What a step type can do beside check and apply. Its inputs and values are those of the type that it is added to. */
export interface Extras {
  readonly undo?: UndoDefinition<never, never, unknown, unknown, unknown, unknown>
  readonly release?: ReleaseDefinition<
    never,
    never,
    never,
    unknown,
    unknown,
    unknown,
    unknown,
    unknown,
    unknown,
    unknown
  >
}

/** Makes the step type again, with extras in place of those that it had. */
type Build = (extras: Extras) => object

const builds = new WeakMap<object, { readonly extras: Extras; readonly build: Build }>()

/** Notes how a step type is made. */
export const remember = (stepType: object, extras: Extras, build: Build): void => {
  builds.set(stepType, { extras, build })
}

/** The step type with more that it can do. */
export const extend = <Fields extends InputFields, A, E, CheckR, ApplyR, Destructive extends string>(
  stepType: object,
  more: { readonly [K in keyof Extras]: unknown }
): StepType<Fields, A, E, CheckR, ApplyR, Destructive> => {
  const known = builds.get(stepType)
  if (known === undefined)
    throw new TypeError("this step type was not made by Step.make of this copy of @shipshape/core")
  // Callers state the type that adding gives; here it is a step type among others.
  return known.build({ ...known.extras, ...(more as Extras) }) as StepType<Fields, A, E, CheckR, ApplyR, Destructive>
}
