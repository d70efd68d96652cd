/** What it takes to bring services up: pure, so that the plan says what Compose is going to do. */
import type { Check } from "@shipshape/core"
import type { Condition, Container, Image, Project, Service } from "../ComposeProbe.ts"

/** What a service has to be. */
export type Wanted = "present" | "running" | "healthy" | "completed"

/** What is going to be done. */
export interface Decision {
  readonly service: string
  readonly act: "create" | "recreate" | "start" | "restart" | "unpause" | "scale" | "wait"
  readonly change: Check.Change
}

const wantedOf: Readonly<Record<Condition, Wanted>> = {
  service_started: "running",
  service_healthy: "healthy",
  service_completed_successfully: "completed"
}

const strength: ReadonlyArray<Wanted> = ["present", "running", "healthy", "completed"]

/** Services with what they have to be, those that they depend on first. */
export const withDependencies = (
  project: Project,
  services: ReadonlyArray<Service>,
  wanted: Wanted
): ReadonlyMap<Service, { readonly wanted: Wanted; readonly neededBy: string | undefined }> => {
  const found = new Map<Service, { wanted: Wanted; neededBy: string | undefined }>()
  const visit = (service: Service, asked: Wanted, neededBy: string | undefined, path: ReadonlyArray<Service>): void => {
    // Compose refuses a circle by itself.
    if (path.includes(service)) return
    for (const [name, condition] of Object.entries(service.dependsOn)) {
      const on = project.services[name]
      if (on !== undefined) visit(on, wantedOf[condition], service.name, [...path, service])
    }
    const before = found.get(service)
    if (before !== undefined && strength.indexOf(before.wanted) >= strength.indexOf(asked)) return
    found.set(service, { wanted: asked, neededBy: before?.neededBy ?? neededBy })
  }
  for (const service of services) visit(service, wanted, undefined, [])
  return found
}

const short = (id: string): string => id.replace(/^sha256:/, "").slice(0, 12)

/** What is to be done for one service; nothing where it is as it has to be. */
export const decide = (
  service: Service,
  own: ReadonlyArray<Container>,
  image: Image | undefined,
  wanted: Wanted
): Decision | undefined => {
  const { name } = service
  const because = (act: Decision["act"], summary: string, change: Omit<Check.Change, "summary"> = {}): Decision => ({
    service: name,
    act,
    change: { summary, ...change }
  })
  if (own.length === 0) {
    return service.replicas === 0
      ? undefined
      : because("create", `create ${name}${image === undefined ? `: ${service.image} is pulled` : ""}`)
  }
  const configured = own.find((container) => container.hash !== service.hash)
  if (configured !== undefined) {
    return because("recreate", `recreate ${name}: its configuration is another one`, {
      before: short(configured.hash),
      after: short(service.hash)
    })
  }
  if (image === undefined) return because("recreate", `recreate ${name}: its image is gone, ${service.image} is pulled`)
  const outdated = own.find((container) => container.image !== image.id)
  if (outdated !== undefined) {
    return because("recreate", `recreate ${name}: its image is another one`, {
      before: short(outdated.image),
      after: short(image.id)
    })
  }
  if (own.length !== service.replicas) {
    return because("scale", `containers of ${name}`, { before: String(own.length), after: String(service.replicas) })
  }
  return own.map((container) => revive(container, wanted, because)).find((decision) => decision !== undefined)
}

const revive = (
  { exitCode, health, name, restartCount, state }: Container,
  wanted: Wanted,
  because: (act: Decision["act"], summary: string) => Decision
): Decision | undefined => {
  switch (state) {
    case "exited":
      return wanted === "completed" && exitCode === 0
        ? undefined
        : because("start", `start ${name}: it has ended with exit code ${exitCode}`)
    case "created":
    case "dead":
    case "removing":
      return because("start", `start ${name}: it is ${state}`)
    case "paused":
      return because("unpause", `let ${name} go on: it is paused`)
    case "restarting":
      return because("wait", `wait for ${name}: it restarts, ${restartCount} times so far`)
    case "running":
      if (wanted === "completed") return because("wait", `wait for ${name} to end`)
      if (wanted !== "healthy" || health === undefined || health === "healthy") return undefined
      return health === "starting"
        ? because("wait", `wait for ${name}: its health check is starting`)
        : because("restart", `restart ${name}: it is unhealthy`)
  }
}
