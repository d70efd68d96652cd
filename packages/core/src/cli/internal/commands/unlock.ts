import * as Effect from "effect/Effect"
import * as ExitCode from "../../../ExitCode.ts"
import { heldBy } from "../../../Lock.ts"
import { approve, checkApproval } from "../asking.ts"
import type { Context } from "../context.ts"
import { openRecords } from "../opening.ts"
import type { Of } from "../request.ts"
import { usage } from "../usage.ts"

/** Breaks the lock of a run that is going on. */
export const unlockCommand = Effect.fnUntraced(function* (context: Context, request: Of<"unlock">) {
  const { environment, surface } = context
  return yield* Effect.gen(function* () {
    const records = yield* openRecords(context, request)
    const holder = yield* records.holder
    if (holder === undefined) {
      surface.out(`nobody holds the lock of ${context.deployment.name} in ${environment}\n`)
      return ExitCode.succeeded
    }
    yield* checkApproval(request.command, request, surface)
    if (request.reason === undefined && !surface.interactive) {
      return yield* usage(
        "unlock needs a reason, and there is nobody to ask",
        "say --reason TEXT: it is noted in the journal"
      )
    }
    surface.out(`${heldBy(holder, Date.now()).message}\n`)
    const losing = "It stops before its next step, and another run may begin while a step of it is still under way"
    if (!request.yes && !(yield* approve({ what: "", losing }, environment, surface))) {
      surface.out("not approved: nothing has been changed\n")
      return ExitCode.failed
    }
    const reason = request.reason ?? (yield* Effect.promise((signal) => surface.ask("Why? ", signal)))?.trim() ?? ""
    if (reason === "") {
      surface.out("no reason was given: nothing has been changed\n")
      return ExitCode.failed
    }
    const was = yield* records.unlock(reason)
    surface.out(
      was === undefined
        ? "it has ended meanwhile: nobody holds the lock\n"
        : `run ${was.run} has lost the lock; that, and why, is noted in its journal\n`
    )
    return ExitCode.succeeded
  }).pipe(Effect.scoped)
})
