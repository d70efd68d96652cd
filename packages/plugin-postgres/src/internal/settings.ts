/** Values of settings as the server keeps them. Some are lists of names, which it quotes by itself. */

const lists: ReadonlyArray<string> = [
  "local_preload_libraries",
  "search_path",
  "session_preload_libraries",
  "shared_preload_libraries",
  "temp_tablespaces",
  "unix_socket_directories"
]

/** The names of a list, or the one value of what is none. A list without names has the empty one, as the server keeps it. */
export const settingItems = (name: string, value: string): ReadonlyArray<string> => {
  if (!lists.includes(name.toLowerCase())) return [value]
  const items = [...value.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^,]*?))\s*(?:,|$)/g)].flatMap(([, quoted, bare = ""]) =>
    quoted !== undefined ? [quoted.replaceAll('""', '"')] : bare === "" ? [] : [bare]
  )
  return items.length === 0 ? [""] : items
}

/** One way to write it, for comparing. */
export const settingText = (name: string, value: string): string => {
  const items = settingItems(name, value)
  return lists.includes(name.toLowerCase())
    ? items.map((item) => (/^[a-z_][a-z0-9_]*$/.test(item) ? item : `"${item.replaceAll('"', '""')}"`)).join(", ")
    : value
}
