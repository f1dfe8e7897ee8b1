import { type Path, pathSegments } from '../contract/paths.ts'
import { type CommitContent, type CommitHeader, type Operation, rootNode } from './commit.ts'
import type { Draft, PreparedContent, PreparedMember } from './context.ts'
import { foldSimple, isStructural } from './fold.ts'
import { Overlay } from './overlay.ts'
import { ContentGone } from './plan-write.ts'
import type { Present } from './present.ts'

/** What a draft asks of the repository. */
export interface DraftHost {
  readonly present: Present
  /** Whether an object of this key was let go once, where others may do that between staging and commit. */
  wasDropped(key: string): boolean
}

/** One commit being planned, on top of the commits planned before it. */
export class PlanningDraft implements Draft {
  readonly view: Overlay
  readonly sequence: number
  readonly time: number
  readonly operations: Operation[] = []
  readonly members: PreparedMember[] = []
  readonly #contents: CommitContent[] = []
  #inlineBytes = 0
  readonly #base: Overlay
  readonly #host: DraftHost

  constructor(base: Overlay, { host, sequence, time }: { readonly host: DraftHost; readonly sequence: number; readonly time: number }) {
    this.#base = base
    this.#host = host
    this.view = new Overlay(base)
    this.sequence = sequence
    this.time = time
  }

  directory(path: Path): number | undefined {
    // Nothing moved since the present: then a directory of the present is where it was.
    if (!this.view.hasRemovals && !this.#base.hasRemovals) {
      const known = this.#host.present.findDirectory(path)
      if (known !== undefined) return known
    }
    let node = rootNode
    for (const name of pathSegments(path)) {
      const row = this.view.entry(node, name)
      if (row?.digest !== null) return undefined
      node = row.node
    }
    return node
  }

  hasChildren(directory: number): boolean {
    const changes = new Map([...this.#base.changesIn(directory), ...this.view.changesIn(directory)])
    if ([...changes.values()].some((row) => row !== null)) return true
    return this.#host.present.children(directory, '', changes.size + 1).some((row) => !changes.has(row.key))
  }

  mint(): number {
    return this.view.nextNode++
  }

  apply(operation: Operation): void {
    this.operations.push(operation)
    if (!isStructural(operation)) foldSimple(operation, this, this.view)
  }

  store(prepared: PreparedContent): void {
    for (const member of prepared.members) {
      if (this.view.content(member.content.digest) !== undefined) continue
      // Its key was let go between staging and now: whatever stands there will be deleted.
      if (member.staged !== undefined && member.content.key !== undefined && this.#host.wasDropped(member.content.key)) throw new ContentGone()
      const content = member.inline === undefined ? member.content : { ...member.content, at: this.#inlineBytes }
      this.#inlineBytes += member.inline?.length ?? 0
      this.#contents.push(content)
      this.members.push(member)
      // Known from here on; where it is, the journal tells once it is written.
      this.view.putContent({ digest: content.digest, size: content.size, key: null, segment: null, offset: 0, pieces: content.pieces ?? null, part: 0, durable: 1 }, this.sequence)
    }
  }

  toHeader({ id, previous, author }: { id: string; previous: string; author: string }): CommitHeader {
    const base = { id, sequence: this.sequence, previous, time: this.time, author }
    return this.#contents.length === 0 ? { ...base, operations: this.operations } : { ...base, contents: this.#contents, operations: this.operations }
  }

  mergeInto(base: Overlay): void {
    this.view.mergeInto(base)
  }
}
