import { randomUUID } from "node:crypto"

/** A service's name and something that no other container has. */
export const oneOffName = (service: string): string => `${service}-oneoff-${randomUUID().slice(0, 13)}`

/** Whether a container's name is one of those. */
export const isOneOffName = (name: string): boolean => /-oneoff-[0-9a-f]{8}-[0-9a-f]{4}$/.test(name)
