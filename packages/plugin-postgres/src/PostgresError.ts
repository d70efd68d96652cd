/**
 * How talking to PostgreSQL fails, by SQLSTATE where the server says one.
 *
 * @since 0.1.0
 */
export * from "./CopyError.ts"
export * from "./ObjectError.ts"
export * from "./ScriptError.ts"
export * from "./ServerError.ts"
