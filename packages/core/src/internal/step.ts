import * as Output from "../Output.ts"
import type { Step } from "../Step.ts"
import * as assembly from "./assembly.ts"

/** A step without what follows from the rest. */
export type Fields<A, E, CheckR, ApplyR, Destructive extends string> = Omit<
  Step<A, E, CheckR, ApplyR, Destructive>,
  "steps" | "limit" | typeof Symbol.iterator
>

/** Builds a step, and notes that it was built. */
export const make = <A, E, CheckR, ApplyR, Destructive extends string>(
  fields: Fields<A, E, CheckR, ApplyR, Destructive>
): Step<A, E, CheckR, ApplyR, Destructive> => {
  const self: Step<A, E, CheckR, ApplyR, Destructive> = {
    ...fields,
    limit: undefined,
    get steps() {
      return [self]
    },
    *[Symbol.iterator]() {
      assembly.taken(self)
      yield self
      return output<A>(self.id)
    }
  }
  return assembly.built(self)
}

/** Builds a step that stands in for another one. */
export const replace = <A, E, CheckR, ApplyR, D extends string>(
  from: Step.Any,
  fields: Fields<A, E, CheckR, ApplyR, D>
): Step<A, E, CheckR, ApplyR, D> => {
  assembly.taken(from)
  return make(fields)
}

/** The output of the step with this id. The engine stores under an id what the step's check has returned, an `A`. */
export const output = <A>(id: string): Output.Output<A> => Output.make(new Set([id]), (values) => values.get(id) as A)
