import { describe } from "@effect/vitest"
import { Target } from "@shipshape/core"
import { Postgres } from "@shipshape/plugin-postgres"
import * as Layer from "effect/Layer"
import { afterAll, beforeAll } from "vitest"
import type { Ground } from "./support/backupGround.ts"
import * as backups from "./support/backups.ts"
import { layerOf } from "./support/real.ts"
import * as restores from "./support/restores.ts"
import { programs, type SystemServer, start } from "./support/system.ts"

describe.skipIf(programs === undefined)("on the machine's own server, whose tools run beside it,", () => {
  let server: SystemServer
  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server.stop())

  const ground: Ground = {
    layerOn: (database) =>
      Layer.orDie(
        Layer.provide(layerOf(Postgres.server({ host: server.host, user: server.user, database })), Target.local())
      ),
    sql: (...args) => server.sql(...args),
    session: (database) => server.session(database),
    createDatabase: () => server.createDatabase()
  }
  backups.scenarios(ground)
  restores.scenarios(ground)
})
