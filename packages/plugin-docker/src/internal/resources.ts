import type { Resource } from "@shipshape/core"

/**
 * What stands in the files that Compose reads: every step on the project sees through them, and a step that changes
 * one of them touches it.
 */
export const configuration: Resource.Resource = "docker:configuration"

export const service = (name: string): Resource.Resource => `service:${name}`
export const image = (name: string): Resource.Resource => `image:${name}`
export const volume = (key: string): Resource.Resource => `volume:${key}`
export const file = (path: string): Resource.Resource => `file:${path}`
