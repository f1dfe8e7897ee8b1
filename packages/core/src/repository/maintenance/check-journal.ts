import type { CallOptions } from '../../contract/backend.ts'
import { isNexusError } from '../../contract/errors.ts'
import type { JournalEntry, JournalPosition, JournalStore } from '../../contract/store.ts'
import { type CommitHeader, parseHeader } from '../commit.ts'
import type { Hasher } from '../digest.ts'
import { createPace, type Pace } from './pace.ts'
import type { RepositoryProblem } from './problem.ts'

/** What the journal is checked for. */
export interface JournalCheckOptions extends CallOptions {
  /** Reads the contents that ride in commits too. */
  readonly readData?: boolean | undefined
  readonly onCommit?: ((header: CommitHeader, entry: JournalEntry) => void) | undefined
}

/** What was found. */
export interface JournalCheck {
  readonly commits: number
  readonly problems: readonly RepositoryProblem[]
  /** Whether the journal still begins with the first commit, and is whole. */
  readonly isComplete: boolean
}

type Source = { readonly journal: JournalStore; readonly hasher: Hasher }

/** Walks every segment: records by their checksums, commits by the digests that chain them. What is damaged does not hide what comes after its segment. */
export async function checkJournal(source: Source, options: JournalCheckOptions = {}): Promise<JournalCheck> {
  const walk = new JournalWalk(source, options)
  let segments: Awaited<ReturnType<JournalStore['segments']>> = []
  let oldest: number | undefined
  try {
    oldest = await source.journal.oldest({ signal: options.signal })
    segments = await source.journal.segments({ signal: options.signal })
  } catch (error) {
    walk.report(error)
  }
  for (const { first, last } of segments) await walk.segment(first, last)
  return { commits: walk.commits, problems: walk.problems, isComplete: walk.problems.length === 0 && (oldest ?? 1) === 1 }
}

class JournalWalk {
  commits = 0
  readonly problems: RepositoryProblem[] = []
  readonly #source: Source
  readonly #options: JournalCheckOptions
  readonly #pace: Pace
  /** Digest of the commit before; `undefined` where it is not known: at the beginning of what is left, and behind damage. */
  #previous: { readonly sequence: number; readonly digest: string } | undefined = { sequence: 0, digest: '' }

  constructor(source: Source, options: JournalCheckOptions) {
    this.#source = source
    this.#options = options
    this.#pace = createPace(options.signal)
  }

  async segment(first: number, last: number): Promise<void> {
    try {
      // No segment before it is named, so that the store begins with this one's first record.
      for (let at: JournalPosition = { sequence: first - 1, segment: 0, offset: 0 }; at.sequence < last; ) {
        const entries = await this.#source.journal.newer(at, { signal: this.#options.signal })
        for (const entry of entries) {
          if (entry.sequence <= last) await this.#commit(entry)
          await this.#pace()
        }
        const end = entries.at(-1)?.end
        if (end === undefined) break
        at = end
      }
    } catch (error) {
      this.report(error)
    }
  }

  report(error: unknown): void {
    if (!isNexusError(error) && !(error instanceof SyntaxError)) throw error
    this.#previous = undefined
    this.problems.push({ kind: 'journal', ...(isNexusError(error) && error.path !== undefined ? { key: error.path } : {}), message: isNexusError(error) ? error.reason : `The header of a commit is no JSON: ${error.message}.` })
  }

  async #commit(entry: JournalEntry): Promise<void> {
    const header = parseHeader(entry.header)
    const { hasher } = this.#source
    if (this.#previous?.sequence === entry.sequence - 1 && header.previous !== this.#previous.digest) {
      this.problems.push({ kind: 'journal', message: `Commit ${entry.sequence} does not follow commit ${entry.sequence - 1}: it names another predecessor.` })
    }
    this.#previous = { sequence: entry.sequence, digest: hasher.digest(entry.header) }
    this.commits++
    if (this.#options.readData === true) await this.#inline(header, entry)
    this.#options.onCommit?.(header, entry)
  }

  async #inline(header: CommitHeader, entry: JournalEntry): Promise<void> {
    const { journal, hasher } = this.#source
    for (const { digest, size, at } of header.contents ?? []) {
      if (at === undefined) continue
      const bytes = await journal.readInline({ segment: entry.end.segment, offset: entry.contentOffset + at, sizeBytes: size })
      if (hasher.digest(bytes) === digest) continue
      this.problems.push({ kind: 'journal', digest: `${hasher.algorithm}:${digest}`, message: `A content that rides in commit ${entry.sequence} does not match its digest.` })
    }
  }
}
