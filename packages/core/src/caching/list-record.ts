import type { Backend, Entry, ListOptions } from '../contract/backend.ts'
import { compareUtf8, type Path } from '../contract/paths.ts'
import { keyBelow } from './listing-key.ts'
import type { ScopeMemory } from './scope-memory.ts'
import type { Question } from './stat-tables.ts'

/** A page of a kept listing; so much of a listing under way is in memory. */
const pageEntries = 250
/** Longer listings are not kept: some 10 MB of text. */
const maxEntries = 50_000

/** A listing as it passes, and what runs with the tables. */
export interface Recording {
  readonly inner: Backend
  readonly path: Path
  readonly options: ListOptions
  readonly memory: Pick<ScopeMemory, 'ask' | 'change'>
}

/** Passes the entries of a whole listing on, and keeps them when it came to its end. */
export async function* recordList({ inner, path, options, memory }: Recording): AsyncGenerator<Entry> {
  const question = await memory.ask(path, options.signal)
  const writer = question === undefined ? undefined : createWriter(question, { change: memory.change, recursive: options.recursive === true })
  let isComplete = false
  try {
    for await (const entry of inner.list(path, options)) {
      await writer?.add(entry)
      yield entry
    }
    isComplete = true
  } finally {
    await writer?.end(isComplete)
  }
}

interface ListingWriter {
  add(entry: Entry): Promise<void>
  end(isComplete: boolean): Promise<void>
}

function createWriter(question: Question, { change, recursive }: Pick<ScopeMemory, 'change'> & { readonly recursive: boolean }): ListingWriter {
  let [id, isGivenUp, isOrdered]: [number | undefined, boolean, boolean] = [undefined, false, true]
  let [entries, pages, lastKey]: [number, number, string] = [0, 0, '']
  let page: Entry[] = []
  const keyOf = (entry: Entry): string => keyBelow(question.path, entry)
  const flush = async (): Promise<void> => {
    const written = { index: pages++, first: page[0] === undefined ? '' : keyOf(page[0]), entries: page }
    page = []
    const begun = await change(({ listings }) => {
      const known = id ?? listings.begin(question, recursive)
      if (written.entries.length > 0) listings.append(known, written)
      return known
    })
    // Without the page before, the listing would have a hole.
    isGivenUp ||= begun === undefined
    id = begun
  }
  return {
    add: async (entry) => {
      if (isGivenUp) return
      const key = keyOf(entry)
      // A name that is shown escaped may stand elsewhere than where its name would.
      isOrdered &&= compareUtf8(lastKey, key) < 0 && !key.includes('%')
      lastKey = key
      isGivenUp = ++entries > maxEntries
      if (page.push(entry) >= pageEntries && !isGivenUp) await flush()
    },
    end: async (isComplete) => {
      const isKept = isComplete && !isGivenUp
      if (isKept) await flush()
      const begun = id
      if (begun === undefined) return
      await change(({ listings }) => {
        if (isKept && !isGivenUp) listings.complete(begun, { question, recursive, entries, isOrdered })
        else listings.drop(begun)
      })
    },
  }
}
