/** The statements of this deployment: each with the question whether its work is done. */
export const table = {
  apply: "CREATE TABLE documents (id integer GENERATED ALWAYS AS IDENTITY, title text NOT NULL UNIQUE)",
  done: "SELECT to_regclass('documents') IS NOT NULL",
  risk: "additive"
} as const

export const firstDocuments = {
  apply: "INSERT INTO documents (title, status) VALUES ($1, 'final'), ($2, 'draft'), ($3, 'draft')",
  params: ["Articles of incorporation", "Annual report", "Travel expenses"],
  done: "SELECT EXISTS (SELECT FROM documents)",
  risk: "additive"
} as const
