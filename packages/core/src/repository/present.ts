import { NexusError } from '../contract/errors.ts'
import { compareUtf8, type Path, pathSegments } from '../contract/paths.ts'
import { type JournalEntry, type JournalPosition, journalStart } from '../contract/store.ts'
import { type CommitHeader, parseHeader, rootNode } from './commit.ts'
import type { View } from './context.ts'
import type { Hasher } from './digest.ts'
import { foldContents, foldSimple, isStructural } from './fold.ts'
import type { IndexHead, IndexReader } from './index-reader.ts'
import { Overlay } from './overlay.ts'
import { RowCache } from './row-cache.ts'
import type { ContentRow, EntryRow } from './rows.ts'

/** A commit of ours: neither need its header be read from the journal again, nor what it changes be found out. */
export interface KnownCommit {
  readonly header: CommitHeader
  readonly digest: string
  /** What it changes, as it was planned. */
  readonly changes: Overlay
}

const maxCachedDirectories = 10_000

/**
 * The repository as of one commit: a state of the index, held still, and in front of it the commits that came since.
 * Nothing here waits; the engine brings new commits by {@link Present.fold}.
 */
export class Present implements View {
  position: JournalPosition = journalStart
  /** Digest of the last commit's header, which the next one names. */
  digest = ''
  /** A commit came that only the index can show: the view stands still until it has caught up. */
  isBehind = false
  /** Commits in front of the index, oldest first. */
  pending: JournalEntry[] = []
  #reader: IndexReader | undefined
  readonly #cache = new RowCache(() => this.#reader)
  #overlay = new Overlay(this.#cache)
  readonly #hasher: () => Hasher
  readonly #directories = new Map<string, number>()

  constructor(hasher: () => Hasher) {
    this.#hasher = hasher
  }

  get reader(): IndexReader | undefined {
    return this.#reader
  }

  get nextNode(): number {
    return this.#overlay.nextNode
  }

  /** Starts from what an index holds. */
  attach(reader: IndexReader): void {
    this.#reader = reader
    // First the newest state: an overlay goes on minting nodes from where the state below it ends.
    this.#adopt(reader.begin())
  }

  detach(): void {
    this.#reader = undefined
    this.#cache.clear()
  }

  /** Lets go of the index's state while nobody asks. */
  rest(): void {
    this.#reader?.end()
  }

  /** Takes the index's newest state, and forgets in memory what it holds. */
  advance(): void {
    if (this.#reader === undefined) return
    const head = this.#reader.begin()
    // The index holds what did not pass through here.
    if (head.sequence > this.position.sequence || (this.isBehind && head.sequence === this.position.sequence)) {
      this.#adopt(head)
      return
    }
    this.#overlay.forgetThrough(head.sequence, this.#cache)
    const kept = this.pending.findIndex((entry) => entry.sequence > head.sequence)
    this.pending = kept === -1 ? [] : this.pending.slice(kept)
  }

  /** Applies what was published after `position`, in order. */
  fold(entries: readonly JournalEntry[], known?: readonly KnownCommit[]): void {
    // After a rest the index may have gone on, by another process that shares it: what is read of it has to be of our position.
    this.#awaken()
    for (const [index, entry] of entries.entries()) {
      if (this.isBehind) return
      if (entry.sequence <= this.position.sequence) continue
      const header = known?.[index]?.header ?? parseHeader(entry.header)
      if (entry.sequence !== this.position.sequence + 1 || header.previous !== this.digest) {
        throw new NexusError('corrupt', { reason: `Commit ${entry.sequence} does not follow commit ${this.position.sequence}; the journal was changed by something else. Run fsck.` })
      }
      if (header.operations.some(isStructural)) {
        this.isBehind = true
        return
      }
      this.#foldOne(header, entry, known?.[index]?.changes)
      this.digest = known?.[index]?.digest ?? this.#hasher().digest(entry.header)
    }
  }

  entry(directory: number, name: string): EntryRow | undefined {
    this.#awaken()
    return this.#overlay.entry(directory, name)
  }

  content(digest: string): ContentRow | undefined {
    this.#awaken()
    return this.#overlay.content(digest)
  }

  /** The node of an existing directory; `undefined` when it is missing or a file. */
  findDirectory(path: Path): number | undefined {
    if (path === '/') return rootNode
    const cached = this.#directories.get(path)
    if (cached !== undefined) return cached
    let node = rootNode
    for (const segment of pathSegments(path)) {
      const row = this.entry(node, segment)
      if (row?.digest !== null) return undefined
      node = row.node
    }
    this.#remember(path, node)
    return node
  }

  children(directory: number, after: string, limit: number): readonly EntryRow[] {
    this.#awaken()
    const changes = this.#overlay.changesIn(directory).filter(([key]) => compareUtf8(key, after) > 0)
    if (changes.length === 0) return this.#reader?.children(directory, after, limit) ?? []
    const changed = new Map(changes)
    // As many more as changes may hide, so that a page is full unless the directory ends.
    const below = this.#reader?.children(directory, after, limit + changes.length) ?? []
    const lastBelow = below.length === limit + changes.length ? below.at(-1)?.key : undefined
    const added = changes.flatMap(([key, row]) => (row !== null && (lastBelow === undefined || compareUtf8(key, lastBelow) <= 0) ? [row] : []))
    const kept = below.filter((row) => !changed.has(row.key))
    return [...kept, ...added].sort((left, right) => compareUtf8(left.key, right.key)).slice(0, limit)
  }

  #remember(path: Path, node: number): void {
    if (this.#directories.size >= maxCachedDirectories) this.#directories.clear()
    this.#directories.set(path, node)
  }

  #foldOne(header: CommitHeader, entry: JournalEntry, changes = this.#changesOf(header)): void {
    changes.mergeInto(this.#overlay)
    // Where its contents are, only the journal could tell.
    foldContents(header, entry, this.#overlay)
    // A path may lead elsewhere now.
    if (changes.hasRemovals) this.#directories.clear()
    this.position = entry.end
    this.pending.push(entry)
  }

  #changesOf(header: CommitHeader): Overlay {
    const changes = new Overlay(this.#overlay)
    for (const operation of header.operations) if (!isStructural(operation)) foldSimple(operation, header, changes)
    return changes
  }

  #awaken(): void {
    if (this.#reader !== undefined && !this.#reader.isActive) this.advance()
  }

  #adopt(head: IndexHead): void {
    this.#cache.clear()
    this.#overlay = new Overlay(this.#cache)
    this.pending = []
    this.position = { sequence: head.sequence, segment: head.segment, offset: head.offset }
    this.digest = head.digest
    this.isBehind = false
    this.#directories.clear()
  }
}
