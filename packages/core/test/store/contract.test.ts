import { FileStore, Target } from "@shipshape/core"
import { MemoryStore } from "@shipshape/core/testing"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { storeContract } from "../support/storeContract.ts"
import { temporaryFolder } from "./support/folder.ts"

storeContract(
  "the store in memory",
  Effect.sync(() => MemoryStore.layer(MemoryStore.make()))
)

storeContract(
  "the store in files",
  Effect.map(temporaryFolder, (directory) => Layer.provide(FileStore.layer(), Target.local({ directory })))
)
