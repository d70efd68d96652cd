/** Local TCP ports in the state LISTEN, of what `/proc/net/tcp` and `tcp6` hold. */
export const listeningIn = (table: string): ReadonlySet<number> =>
  new Set(
    table
      .split("\n")
      .slice(1)
      .flatMap((line) => {
        const [, local, , state] = line.trim().split(/\s+/)
        const port = local?.split(":").at(-1)
        return state === "0A" && port !== undefined ? [Number.parseInt(port, 16)] : []
      })
  )

/** A container as `docker ps` lists it, with the ports it publishes. */
export interface Publisher {
  readonly name: string
  readonly project: string
  readonly ports: ReadonlyArray<number>
}

/** The format for {@link publishersIn}: fields apart by tabs, a line for each container. */
export const publisherFormat = '{{.Names}}\t{{.Label "com.docker.compose.project"}}\t{{.Ports}}'

/** `web⇥edms⇥127.0.0.1:8001->8000/tcp, [::]:9000-9002->9000-9002/tcp` */
export const publishersIn = (text: string): ReadonlyArray<Publisher> =>
  text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const [name = "", project = "", ports = ""] = line.split("\t")
      return { name, project, ports: ports.split(", ").flatMap(publishedBy) }
    })

const publishedBy = (mapping: string): ReadonlyArray<number> => {
  const found = /:(?<first>\d+)(-(?<last>\d+))?->[\d-]+\/tcp$/.exec(mapping.trim())?.groups
  if (found?.first === undefined) return []
  const first = Number(found.first)
  const last = Number(found.last ?? found.first)
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
}

/** The program that listens on a port, as `ss -Hltnp` names it where it may. */
export const programOn = (port: number, text: string): string | undefined => {
  for (const line of text.split("\n")) {
    const [, , , local] = line.trim().split(/\s+/)
    const program = /users:\(\("(?<name>[^"]+)",pid=(?<pid>\d+)/.exec(line)?.groups
    if (local?.endsWith(`:${port}`) === true && program !== undefined) return `${program.name} (process ${program.pid})`
  }
  return undefined
}
