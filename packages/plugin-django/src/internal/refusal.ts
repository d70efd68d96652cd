import * as Schema from "effect/Schema"
import * as DjangoError from "../DjangoError.ts"

/** A refusal as the interpreter writes it. */
export const Refused = Schema.Struct({
  kind: Schema.Literals([
    "command",
    "conflict",
    "database",
    "error",
    "group",
    "history",
    "invalid",
    "model",
    "query",
    "schema",
    "settings",
    "user",
    "write"
  ]),
  message: Schema.String,
  hint: Schema.String,
  tail: Schema.optionalKey(Schema.Array(Schema.String))
})

/** The error that a refusal stands for. */
export const errorOf = ({ kind, ...rest }: typeof Refused.Type): DjangoError.Refusal => {
  switch (kind) {
    case "command":
      return new DjangoError.UnknownCommand(rest)
    case "conflict":
      return new DjangoError.MigrationsConflict(rest)
    case "database":
      return new DjangoError.DatabaseUnavailable({ ...rest, retryable: true })
    case "error":
      return new DjangoError.ApplicationFailed(rest)
    case "group":
      return new DjangoError.UnknownGroup(rest)
    case "history":
      return new DjangoError.HistoryInconsistent(rest)
    case "invalid":
      return new DjangoError.UserInvalid(rest)
    case "model":
      return new DjangoError.UnknownModel(rest)
    case "query":
      return new DjangoError.QueryInvalid(rest)
    case "schema":
      return new DjangoError.SchemaIncomplete(rest)
    case "settings":
      return new DjangoError.SettingsInvalid(rest)
    case "user":
      return new DjangoError.UnknownUser(rest)
    case "write":
      return new DjangoError.CheckWrote(rest)
  }
}
