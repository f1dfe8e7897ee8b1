/** What a process asked of the disk between two marks. */
export interface TraceCounts {
  syncs: number
  /** Bytes by the part of the repository that they went to. */
  journalBytes: number
  contentBytes: number
  indexBytes: number
  writes: number
}

interface Call {
  readonly name: string
  readonly path: string
}

const started = /^(\d+)\s+(\w+)\(\d+<([^>]*)>/
const resumed = /^(\d+)\s+<\.\.\. (\w+) resumed>/
const returned = /=\s+(\d+)$/

/**
 * Counts in the output of `strace -f -y`, between the lines that hold the two marks, what was done to files below `root`. A call that another
 * thread interrupts stands on two lines; it counts where it returns.
 */
export function countTrace(text: string, { root, begin, end }: { readonly root: string; readonly begin: string; readonly end: string }): TraceCounts {
  const counts: TraceCounts = { syncs: 0, journalBytes: 0, contentBytes: 0, indexBytes: 0, writes: 0 }
  const unfinished = new Map<string, Call>()
  let isInside = false
  for (const line of text.split('\n')) {
    if (line.includes(begin)) isInside = true
    if (line.includes(end)) return counts
    const call = callOf(line, unfinished)
    const result = returned.exec(line.trimEnd())
    if (isInside && call?.path.startsWith(root) === true && result !== null) add(counts, { ...call, path: call.path.slice(root.length) }, Number(result[1]))
  }
  throw new Error('The trace has no end mark: the process that is traced ended before.')
}

function callOf(line: string, unfinished: Map<string, Call>): Call | undefined {
  const [, thread = '', name = '', path = ''] = started.exec(line) ?? []
  if (thread !== '') {
    const call = { name, path }
    if (line.includes('<unfinished ...>')) unfinished.set(thread, call)
    return call
  }
  const [, waiting = ''] = resumed.exec(line) ?? []
  const call = unfinished.get(waiting)
  unfinished.delete(waiting)
  return call
}

function add(counts: TraceCounts, { name, path }: Call, result: number): void {
  if (name === 'fsync' || name === 'fdatasync' || name === 'sync_file_range') {
    counts.syncs++
    return
  }
  counts.writes++
  if (path.startsWith('/index.db') || path.startsWith('/lock.db')) counts.indexBytes += result
  else if (path.startsWith('/journal') || path.startsWith('/head')) counts.journalBytes += result
  else counts.contentBytes += result
}
