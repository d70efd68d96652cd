/** The texts to look for, for one secret. What is merely quoted or escaped is read by `secretReadings`. */

/** Base64 of a part of a secret is looked for from so many characters on: fewer occur in any text. */
const telling = 6

/** The columns that `base64`, MIME and PEM break at. */
const columns = [64, 76]

/** Within URLs and file names two of its characters are others. */
const withUrlSafe = (base64: string): ReadonlyArray<string> => [
  base64,
  base64.replaceAll("+", "-").replaceAll("/", "_")
]

/**
 * What stands in the base64 of any longer text that holds these bytes, for each of the three places in which they may
 * begin: the characters that the bytes alone decide. Of each end of the secret, up to 4 bits are in a character more.
 */
const withinBase64 = (bytes: Buffer): ReadonlyArray<string> =>
  [0, 1, 2]
    .map((before) =>
      Buffer.concat([Buffer.alloc(before), bytes])
        .toString("base64")
        .slice(Math.ceil((8 * before) / 6), Math.floor((8 * (before + bytes.length)) / 6))
    )
    .filter((part) => part.length >= telling)

/** Base64 as a file of lines. */
const inColumns = (base64: string): ReadonlyArray<string> =>
  columns
    .filter((width) => base64.length > width)
    .flatMap((width) => base64.match(new RegExp(`.{1,${width}}`, "g")) ?? [])
    .filter((line) => line.length >= telling)

const base64Of = (text: string): ReadonlyArray<string> => {
  const bytes = Buffer.from(text, "utf8")
  const whole = bytes.toString("base64")
  return [whole, whole.replace(/=+$/, ""), ...inColumns(whole), ...withinBase64(bytes)].flatMap(withUrlSafe)
}

const hexOf = (text: string): ReadonlyArray<string> => {
  const hex = Buffer.from(text, "utf8").toString("hex")
  return [hex, hex.toUpperCase()]
}

/** A document of JSON, with the text in it, may be what was encoded: all of Unicode as it is, or ASCII alone. */
const withJson = (text: string): ReadonlyArray<string> => {
  const json = JSON.stringify(text).slice(1, -1)
  const ascii = json.replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`)
  return [text, json, ascii]
}

/**
 * A secret as it is, with what UTF-8 cannot carry replaced as a process gets it, and line by line, as output is read by
 * lines; each of these in hex and in base64 too. Text around white space is left out unless it tells something alone.
 */
export const formsOf = (secret: string): ReadonlyArray<string> => {
  const trimmed = secret.trim()
  const texts = [
    secret,
    secret.toWellFormed(),
    ...secret.split(/\r\n|\r|\n/),
    ...(trimmed.length >= telling ? [trimmed] : [])
  ].filter((text) => text.trim() !== "")
  const forms = [...new Set(texts)].flatMap((text) => [text, ...hexOf(text), ...withJson(text).flatMap(base64Of)])
  return [...new Set(forms)]
}
