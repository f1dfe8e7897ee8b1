/** Beyond this many changed lines the shortest diff costs too much (its time grows with their square). */
const maxEditLength = 2000

/** The change as a unified diff with three lines of context; correct, if not the shortest, however large the change. */
export async function unifiedDiff(name: string, before: string, after: string): Promise<string> {
  const { createTwoFilesPatch } = await import('diff')
  const header = { headerOptions: { includeIndex: false, includeUnderline: false, includeFileHeaders: true } }
  return createTwoFilesPatch(name, name, before, after, undefined, undefined, { context: 3, maxEditLength, ...header }) ?? oneHunk(name, before, after)
}

/** Everything between the first and the last line that differ, as one replacement. */
function oneHunk(name: string, before: string, after: string): string {
  const [old, now] = [splitLines(before), splitLines(after)]
  let start = 0
  while (start < old.length && start < now.length && old[start] === now[start]) start++
  let tail = 0
  while (tail < old.length - start && tail < now.length - start && old.at(-1 - tail) === now.at(-1 - tail)) tail++
  const removed = old.slice(start, old.length - tail)
  const added = now.slice(start, now.length - tail)
  const head = `--- ${name}\n+++ ${name}\n@@ -${position(start, removed.length)} +${position(start, added.length)} @@\n`
  return head + removed.map((line) => show('-', line)).join('') + added.map((line) => show('+', line)).join('')
}

/** Lines with their line ends; the last may have none. */
function splitLines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? []
}

/** A hunk of no lines stands after the line that it names. */
function position(start: number, count: number): string {
  return `${count === 0 ? start : start + 1},${count}`
}

function show(sign: '+' | '-', line: string): string {
  return line.endsWith('\n') ? sign + line : `${sign}${line}\n\\ No newline at end of file\n`
}
