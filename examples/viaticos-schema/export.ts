/**
 * The master data of development, as files that deploy.ts imports. No password leaves it.
 *
 *   VIATICOS_DEVELOPMENT_URL=postgres://… VIATICOS_MASTER_DATA=… node export.ts apply --env development
 */
import { defineDeployment, FileStore, Input } from "@shipshape/core"
import { main } from "@shipshape/core/cli"
import { Postgres } from "@shipshape/plugin-postgres"

const deployment = defineDeployment(
  "viaticos-master-data",
  {
    environments: { development: { data: "disposable" } },
    inputs: {
      url: Input.secret("VIATICOS_DEVELOPMENT_URL"),
      masterData: Input.string("VIATICOS_MASTER_DATA", { description: "where the files are written" }),
      state: Input.string("VIATICOS_STATE", { default: ".shipshape", description: "lock, journal and releases" })
    },
    plugins: ({ inputs }) => [Postgres.server({ url: inputs.url })],
    store: ({ inputs }) => FileStore.plugin({ directory: inputs.state })
  },
  function* ({ inputs }) {
    yield* Postgres.exportData("master-data", {
      directory: inputs.masterData,
      tables: [
        "currencies",
        "countries",
        "locations",
        "expense_categories",
        "factura_suppliers",
        { table: "users", exclude: ["password", "force_password_change"] }
      ]
    })
  }
)

export default deployment

if (import.meta.main) await main(deployment)
