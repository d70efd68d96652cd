/**
 * Deploys Django applications: checks, migrations, static files, commands, users and verifications.
 *
 * @since 0.1.0
 */
export * as Django from "./Django.ts"
export * as DjangoControl from "./DjangoControl.ts"
export * as DjangoError from "./DjangoError.ts"
export * as DjangoProbe from "./DjangoProbe.ts"
