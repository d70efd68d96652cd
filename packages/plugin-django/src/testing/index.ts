/**
 * The test kit: a Django application in memory.
 *
 * @since 0.1.0
 */
export * as DjangoWorld from "./DjangoWorld.ts"
