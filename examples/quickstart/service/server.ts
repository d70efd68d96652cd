/** The application that is deployed: a few documents, found by the likeness of their titles. */
import { access, constants } from "node:fs/promises"
import * as http from "node:http"
import pg from "pg"

// Host, port, user and password come as PGHOST, PGPORT, PGUSER and PGPASSWORD.
const pool = new pg.Pool({ max: 2, connectionTimeoutMillis: 2_000 })
pool.on("error", (error) => console.error(error.message))

const health = async () => {
  const { rows } = await pool.query("SELECT count(*)::int AS documents FROM documents")
  await access(process.env.STORAGE ?? "", constants.W_OK)
  return { status: 200, body: { status: "ok", storage: "writable", ...rows[0] } }
}

const search = async (words: string) => {
  const statement = "SELECT title, status FROM documents WHERE title % $1 ORDER BY similarity(title, $1) DESC LIMIT 5"
  const { rows } = await pool.query(statement, [words])
  return { status: 200, body: rows }
}

const answer = (url: URL) => {
  if (url.pathname === "/health/") return health()
  if (url.pathname === "/search") return search(url.searchParams.get("q") ?? "")
  return { status: 404, body: { error: "there is /health/ and /search?q=…" } }
}

const server = http.createServer(async (request, response) => {
  const { body, status } = await Promise.resolve(answer(new URL(request.url ?? "/", "http://localhost"))).catch(
    (error: Error) => ({ status: 503, body: { status: "failing", reason: error.message } })
  )
  response.writeHead(status, { "content-type": "application/json" })
  response.end(`${JSON.stringify(body)}\n`)
})

server.listen(Number(process.env.PORT), "127.0.0.1", () => console.log(`listening on port ${process.env.PORT}`))

process.once("SIGTERM", () => server.close(() => pool.end()))
