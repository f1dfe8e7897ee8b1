import type { ContentRow, EntryRow, State } from './rows.ts'

/** What lies below an overlay. */
export type StateBelow = Pick<State, 'entry' | 'content' | 'nextNode'>

/** What a commit made of one place; `null`: nothing is there any more. */
export interface Change {
  readonly row: EntryRow | null
  readonly sequence: number
}

/** Takes what an overlay forgets, oldest first. */
export interface Forgotten {
  keepPlace(directory: number, key: string, change: Change): void
  keepContent(row: ContentRow): void
}

/** What changes say of a name: its row, `null` where they took it away, `undefined` where they say nothing. File and directory of one name never live at once. */
export function findIn(keys: ReadonlyMap<string, Change>, name: string): EntryRow | null | undefined {
  const file = keys.get(name)
  if (file?.row != null) return file.row
  const child = keys.get(`${name}/`)
  if (child?.row != null) return child.row
  return file === undefined && child === undefined ? undefined : null
}

/**
 * Commits that the index does not hold yet, as the rows they change; also, in small, the commits that are being planned.
 * A name that a commit touched is answered from here alone.
 */
export class Overlay implements State {
  nextNode: number
  readonly #below: StateBelow
  readonly #directories = new Map<number, Map<string, Change>>()
  readonly #contents = new Map<string, { readonly row: ContentRow; readonly sequence: number }>()
  /** In order of change, to forget from the front when the index has caught up. */
  #log: { readonly directory: number; readonly key: string; readonly sequence: number }[] = []
  #contentLog: { readonly digest: string; readonly sequence: number }[] = []

  constructor(below: StateBelow) {
    this.#below = below
    this.nextNode = below.nextNode
  }

  /** Whether something was taken out of its place. */
  hasRemovals = false

  /** Changes since the index, as a measure of what waits. */
  get size(): number {
    return this.#log.length
  }

  entry(directory: number, name: string): EntryRow | undefined {
    const keys = this.#directories.size === 0 ? undefined : this.#directories.get(directory)
    const found = keys === undefined ? undefined : findIn(keys, name)
    return found === undefined ? this.#below.entry(directory, name) : (found ?? undefined)
  }

  put(row: EntryRow, sequence: number): void {
    this.#change(row.directory, row.key, row, sequence)
  }

  remove(row: EntryRow, died: number): void {
    this.hasRemovals = true
    this.#change(row.directory, row.key, null, died)
  }

  supersede(): void {}

  content(digest: string): ContentRow | undefined {
    return this.#contents.get(digest)?.row ?? this.#below.content(digest)
  }

  putContent(row: ContentRow, sequence: number): void {
    this.#contents.set(row.digest, { row, sequence })
    this.#contentLog.push({ digest: row.digest, sequence })
  }

  /** Live rows and gaps of one directory, in the order of their keys. */
  changesIn(directory: number): readonly (readonly [key: string, row: EntryRow | null])[] {
    const keys = this.#directories.get(directory)
    return keys === undefined ? [] : [...keys].map(([key, change]) => [key, change.row] as const)
  }

  /** Moves everything into the overlay below, which stood still meanwhile. */
  mergeInto(target: Overlay): void {
    for (const { directory, key, sequence } of this.#log) {
      const change = this.#directories.get(directory)?.get(key)
      if (change?.sequence === sequence) target.#change(directory, key, change.row, sequence)
    }
    for (const { row, sequence } of this.#contents.values()) target.putContent(row, sequence)
    target.hasRemovals ||= this.hasRemovals
    target.nextNode = Math.max(target.nextNode, this.nextNode)
  }

  /** Forgets what the index now holds: everything up to `sequence`. */
  forgetThrough(sequence: number, forgotten: Forgotten): void {
    const kept = this.#log.findIndex((change) => change.sequence > sequence)
    for (const { directory, key } of kept === -1 ? this.#log : this.#log.slice(0, kept)) {
      const keys = this.#directories.get(directory)
      const change = keys?.get(key)
      if (keys === undefined || change === undefined || change.sequence > sequence) continue
      forgotten.keepPlace(directory, key, change)
      keys.delete(key)
      if (keys.size === 0) this.#directories.delete(directory)
    }
    this.#log = kept === -1 ? [] : this.#log.slice(kept)
    const keptContents = this.#contentLog.findIndex((change) => change.sequence > sequence)
    for (const { digest } of keptContents === -1 ? this.#contentLog : this.#contentLog.slice(0, keptContents)) {
      const content = this.#contents.get(digest)
      if (content === undefined || content.sequence > sequence) continue
      forgotten.keepContent(content.row)
      this.#contents.delete(digest)
    }
    this.#contentLog = keptContents === -1 ? [] : this.#contentLog.slice(keptContents)
  }

  #change(directory: number, key: string, row: EntryRow | null, sequence: number): void {
    let keys = this.#directories.get(directory)
    if (keys === undefined) this.#directories.set(directory, (keys = new Map<string, Change>()))
    keys.set(key, { row, sequence })
    this.#log.push({ directory, key, sequence })
  }
}
