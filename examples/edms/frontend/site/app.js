const element = (id) => document.getElementById(id)
let csrfToken = ""

async function api(path, options = {}) {
  const response = await fetch(path, { ...options, headers: { "X-CSRFToken": csrfToken, ...options.headers } })
  const body = response.headers.get("content-type")?.startsWith("application/json") ? await response.json() : {}
  if (!response.ok) {
    const fields = Object.values(body.fields ?? {})
      .flat()
      .map((error) => error.message)
    throw new Error(fields.join(" ") || body.error || `The server answered ${response.status}.`)
  }
  return body
}

/** Runs an action and shows what went wrong, if anything. */
async function attempt(action) {
  try {
    element("message").textContent = ""
    await action()
  } catch (error) {
    element("message").textContent = error.message
  }
}

function showSession(session) {
  csrfToken = session.csrf_token
  element("login").hidden = session.user !== null
  element("session").hidden = session.user === null
  element("user").textContent = session.user ?? ""
  element("create").hidden = !session.permissions.includes("write")
}

function cell(content) {
  const td = document.createElement("td")
  td.append(content)
  return td
}

function fileLink(found) {
  if (!found.file) return ""
  const link = document.createElement("a")
  link.href = found.file
  link.textContent = `v${found.version}`
  return link
}

let latestSearch = 0

async function listDocuments() {
  const search = ++latestSearch
  const { count, results } = await api(`/api/documents/?${new URLSearchParams({ q: element("search").value })}`)
  if (search !== latestSearch) return
  element("documents").replaceChildren(
    ...results.map((found) => {
      const row = document.createElement("tr")
      const changed = new Date(found.updated_at).toLocaleString()
      const texts = [found.title, found.document_type, found.status.replace("_", " "), found.author, changed]
      row.append(...texts.map(cell), cell(fileLink(found)))
      return row
    })
  )
  element("count").textContent = count === 1 ? "1 document" : `${count} documents`
}

async function fillSelect(name, path) {
  const { results } = await api(path)
  const options = results.map((choice) => new Option(choice.name, choice.code))
  element("create").elements[name].replaceChildren(...options)
}

element("login").addEventListener("submit", (event) => {
  event.preventDefault()
  attempt(async () => {
    const body = JSON.stringify(Object.fromEntries(new FormData(event.target)))
    showSession(await api("/api/login/", { method: "POST", body, headers: { "Content-Type": "application/json" } }))
    event.target.reset()
    await listDocuments()
  })
})

element("logout").addEventListener("click", () => {
  attempt(async () => {
    showSession(await api("/api/logout/", { method: "POST" }))
    await listDocuments()
  })
})

element("create").addEventListener("submit", (event) => {
  event.preventDefault()
  attempt(async () => {
    const body = new FormData(event.target)
    if (body.get("upload").size === 0) body.delete("upload")
    await api("/api/documents/", { method: "POST", body })
    event.target.reset()
    await listDocuments()
  })
})

let typing
element("search").addEventListener("input", () => {
  clearTimeout(typing)
  typing = setTimeout(() => attempt(listDocuments), 250)
})

attempt(async () => {
  showSession(await api("/api/session/"))
  await Promise.all([
    listDocuments(),
    fillSelect("document_type", "/api/document-types/"),
    fillSelect("source", "/api/document-sources/")
  ])
})
