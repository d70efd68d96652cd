/** A text with all that differs from run to run replaced, or left out. */
export const shape = (text: string): string =>
  text
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d/g, "DATE")
    .replace(/\((just now|\d+ seconds? ago)\)/g, "(AGO)")
    .replace(/(interrupted|begun|made by \S+ on \S+) (just now|\d+ seconds? ago)/g, "$1 AGO")
    .replace(/DATE, (just now|\d+ s ago)/g, "DATE, AGO")
    .replace(/, (new|\d+ s old),/g, ", AGE,")
    .replace(/ · [\d.]+ m?s$/gm, "")
    .replace(/ +[\d.]+ m?s$/gm, "  TIME")
    .replace(/\b[\d.]+ m?s\b/g, "TIME")
    .replace(/plan( +)[0-9a-f]{6,}/g, "plan$1DIGEST")
    .replace(/process \d+/g, "process PID")
