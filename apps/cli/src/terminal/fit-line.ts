import { stripVTControlCharacters } from 'node:util'

/** A line cut with `…` to so many characters, for a terminal that would break it anywhere. One that is painted stays as it is. */
export function fitLine(line: string, columns: number): string {
  const isPainted = stripVTControlCharacters(line) !== line
  return isPainted || line.length <= columns ? line : `${line.slice(0, Math.max(0, columns - 1))}…`
}

/** Words on lines of at most so many characters. */
export function wrapWords(words: readonly string[], columns: number): string[] {
  const lines: string[] = []
  for (const word of words) {
    const last = lines.at(-1)
    if (last === undefined || last.length + 1 + word.length > columns) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}
