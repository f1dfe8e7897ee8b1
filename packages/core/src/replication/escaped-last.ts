import type { Entry } from '../contract/backend.ts'
import { holdsEscaped } from '../contract/escaped-names.ts'
import { compareUtf8, isWithin, type Path, sortName } from '../contract/paths.ts'

/** A directory that a walk is in, and what it shows escaped there. */
interface OpenDirectory {
  readonly path: Path
  readonly escaped: Entry[]
}

/** What is walked, and how to walk what lies below one of the directories in it. */
interface Walked {
  readonly root: Path
  readonly entries: AsyncIterable<Entry>
  readonly below: (directory: Entry) => AsyncIterable<Entry>
}

/**
 * A walk in the order of `compareEscapedLast`. Memory holds the escaped names of the directories that it is in; what lies in a directory with such a
 * name is passed over and walked again in its turn.
 */
export async function* escapedLast({ root, entries, below }: Walked): AsyncGenerator<Entry> {
  const open: OpenDirectory[] = [{ path: root, escaped: [] }]
  let passed: Path | undefined
  for await (const entry of entries) {
    if (passed !== undefined && isBelow(entry.path, passed)) continue
    yield* closed(open, below, entry.path)
    if (holdsEscaped(entry.name)) {
      open.at(-1)?.escaped.push(entry)
      passed = entry.path
      continue
    }
    yield entry
    if (entry.kind === 'directory') open.push({ path: entry.path, escaped: [] })
  }
  yield* closed(open, below)
}

/** What was put aside in the directories that the next entry does not lie in, the innermost first. */
async function* closed(open: OpenDirectory[], below: Walked['below'], next?: Path): AsyncGenerator<Entry> {
  for (let last = open.at(-1); last !== undefined && (next === undefined || !isBelow(next, last.path)); last = open.at(-1)) {
    open.pop()
    for (const entry of last.escaped.sort((left, right) => compareUtf8(sortName(left), sortName(right)))) {
      yield entry
      if (entry.kind === 'directory') yield* escapedLast({ root: entry.path, entries: below(entry), below })
    }
  }
}

function isBelow(path: Path, directory: Path): boolean {
  return path !== directory && isWithin(path, directory)
}
