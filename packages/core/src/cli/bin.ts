#!/usr/bin/env node
import { runMain } from "./internal/runMain.ts"

await runMain({})
