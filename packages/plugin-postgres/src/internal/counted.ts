/** A number of things, in words: `1 row`, `2 rows`. */
export const counted = (count: number, word: string): string => `${count} ${word}${count === 1 ? "" : "s"}`
