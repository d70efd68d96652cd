/** Values of settings as the server keeps them. Some are lists of names, which it quotes by itself. */

const lists: ReadonlyArray<string> = [
  "local_preload_libraries",
  "search_path",
  "session_preload_libraries",
  "shared_preload_libraries",
  "temp_tablespaces",
  "unix_socket_directories"
]

/** The names of a list, or the one value of what is none. */
export const settingItems = (name: string, value: string): ReadonlyArray<string> =>
  lists.includes(name.toLowerCase())
    ? [...value.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^,]*?))\s*(?:,|$)/g)]
        .map(([, quoted, bare]) => (quoted === undefined ? bare : quoted.replaceAll('""', '"')) ?? "")
        .filter((item) => item !== "")
    : [value]

/** One way to write it, for comparing. */
export const settingText = (name: string, value: string): string => {
  const items = settingItems(name, value)
  return lists.includes(name.toLowerCase())
    ? items.map((item) => (/^[a-z_][a-z0-9_]*$/.test(item) ? item : `"${item.replaceAll('"', '""')}"`)).join(", ")
    : value
}
