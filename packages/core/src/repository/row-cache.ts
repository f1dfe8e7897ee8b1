import { rootNode } from './commit.ts'
import { DigestFilter } from './digest-filter.ts'
import type { IndexReader } from './index-reader.ts'
import { type Change, findIn, type Forgotten, type StateBelow } from './overlay.ts'
import type { ContentRow, EntryRow } from './rows.ts'

/** So many rows stay in memory, which is some 8 MB; then all are let go. */
const maxRows = 16_384
/** So many contents were asked for in vain before it pays to learn which there are. */
const missesBeforeLearning = 64
const digestsPerStep = 1024

/**
 * Rows of the index that were asked for, or that commits have just put there: a lookup in SQLite costs more than all else of a `stat`. They stay
 * true because every later commit passes through the overlay in front, which hands on what it forgets; who changes the index past it must `clear`.
 */
export class RowCache implements StateBelow, Forgotten {
  readonly #reader: () => IndexReader | undefined
  readonly #directories = new Map<number, Map<string, Change>>()
  /** Directories that were made before our eyes: what is not among their rows is not there. */
  readonly #complete = new Set<number>()
  readonly #contents = new Map<string, ContentRow>()
  #rows = 0
  /** Every digest of the index, once it is learned. */
  #filter: DigestFilter | undefined
  #isLearned = false
  #misses = 0

  /** @param reader The index's state; `undefined` while there is none. */
  constructor(reader: () => IndexReader | undefined) {
    this.#reader = reader
  }

  get nextNode(): number {
    return this.#reader()?.nextNode ?? rootNode + 1
  }

  entry(directory: number, name: string): EntryRow | undefined {
    const keys = this.#directories.get(directory)
    const found = keys === undefined ? undefined : findIn(keys, name)
    if (found !== undefined) return found ?? undefined
    // What was made after the index's state has nothing in it yet.
    if (directory >= this.nextNode || this.#complete.has(directory)) return undefined
    const row = this.#reader()?.entry(directory, name)
    if (row !== undefined) this.#keep(directory, row.key, { row, sequence: row.version })
    return row
  }

  content(digest: string): ContentRow | undefined {
    const known = this.#contents.get(digest)
    if (known !== undefined) return known
    if (this.#isLearned && this.#filter?.mayHave(digest) === false) return undefined
    const row = this.#reader()?.content(digest)
    if (row !== undefined) this.keepContent(row)
    else if (++this.#misses === missesBeforeLearning) this.#learn().catch(() => this.#unlearn())
    return row
  }

  keepPlace(directory: number, key: string, change: Change): void {
    this.#keep(directory, key, change)
    const { row, sequence } = change
    if (row?.digest === null && row.born === sequence && row.version === sequence) this.#complete.add(row.node)
  }

  keepContent(row: ContentRow): void {
    this.#makeRoom()
    this.#filter?.add(row.digest)
    this.#contents.set(row.digest, row)
  }

  clear(): void {
    this.#forgetRows()
    this.#unlearn()
    this.#misses = 0
  }

  /** Only a shortcut is given up: an index that cannot be read says why to whoever asks it next. */
  #unlearn(): void {
    this.#filter = undefined
    this.#isLearned = false
  }

  /** Goes through the index in small steps; what commits add meanwhile comes by {@link keepContent}. */
  async #learn(): Promise<void> {
    const filter = (this.#filter = new DigestFilter())
    for (let after: string | undefined = ''; after !== undefined; ) {
      const page: readonly string[] = this.#reader()?.digests(after, digestsPerStep) ?? []
      for (const digest of page) filter.add(digest)
      after = page.length === digestsPerStep ? page.at(-1) : undefined
      await new Promise<void>((resolve) => void setImmediate(resolve).unref())
      if (this.#filter !== filter) return
    }
    this.#isLearned = true
  }

  #keep(directory: number, key: string, change: Change): void {
    this.#makeRoom()
    let keys = this.#directories.get(directory)
    if (keys === undefined) this.#directories.set(directory, (keys = new Map<string, Change>()))
    keys.set(key, change)
  }

  #makeRoom(): void {
    if (this.#rows++ >= maxRows) this.#forgetRows()
  }

  #forgetRows(): void {
    this.#directories.clear()
    this.#complete.clear()
    this.#contents.clear()
    this.#rows = 0
  }
}
