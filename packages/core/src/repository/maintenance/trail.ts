import { randomBytes } from 'node:crypto'
import { NexusError } from '../../contract/errors.ts'
import { recordFlagFsync } from '../../contract/record.ts'
import type { JournalEntry, JournalPosition, MaybePromise, StagedContent } from '../../contract/store.ts'
import { type CommitContent, type CommitHeader, encodeHeader, type Operation, parseHeader } from '../commit.ts'
import type { Repository } from '../context.ts'

/** What maintenance commits. Nothing in it: nothing is committed. */
export interface Proposal {
  readonly operations?: readonly Operation[]
  readonly contents?: readonly CommitContent[]
  /** Published inside the turn, before the commit that refers to them. */
  readonly staged?: readonly StagedContent[]
}

/**
 * Called inside the turn to commit, so that nobody else publishes meanwhile. `newer` are the commits since the trail's last look, `sequence` is the
 * number that the commit gets. It may wait, and change storage: whatever it decides holds until its commit stands.
 */
export type Propose = (newer: readonly CommitHeader[], sequence: number) => MaybePromise<Proposal>

/** Follows the journal from a state that maintenance has looked at, and commits behind it; always durably. */
export class Trail {
  readonly #repository: Repository
  readonly #author: string
  #position: JournalPosition
  #digest: string

  /** @param from The state that was looked at: its position, and the digest of its last commit. */
  constructor(repository: Repository, { from, author }: { readonly from: JournalPosition & { readonly digest: string }; readonly author: string }) {
    this.#repository = repository
    this.#author = author
    this.#position = { sequence: from.sequence, segment: from.segment, offset: from.offset }
    this.#digest = from.digest
  }

  /**
   * Takes the turn, tells what came meanwhile, and commits what is proposed.
   * @returns Its number; `undefined` when nothing was proposed.
   */
  async commit(propose: Propose, signal?: AbortSignal): Promise<number | undefined> {
    if (this.#repository.readonly) throw new NexusError('read_only', { reason: 'The repository was opened read-only; maintenance that commits needs a writable one.' })
    let written: CommitHeader | undefined
    const prepare = async (newer: readonly JournalEntry[]): Promise<readonly Uint8Array[]> => {
      const headers = newer.map((entry) => this.#follow(entry))
      const proposal = await propose(headers, this.#position.sequence + 1)
      written = this.#toHeader(proposal)
      if (written === undefined) return []
      for (const content of proposal.staged ?? []) await content.publish()
      if (proposal.staged !== undefined) await this.#repository.contents.settle({ durability: 'fsync', signal })
      return [this.#repository.codec.encode({ sequence: written.sequence, flags: recordFlagFsync, header: encodeHeader(written), contents: [] })]
    }
    const entries = await this.#repository.journal.append(this.#position, prepare, { durability: 'fsync', signal })
    for (const entry of entries) this.#follow(entry)
    await this.#repository.refresh(signal, true)
    return entries.at(-1)?.sequence
  }

  #follow(entry: JournalEntry): CommitHeader {
    this.#position = entry.end
    this.#digest = this.#repository.hasher.digest(entry.header)
    return parseHeader(entry.header)
  }

  #toHeader({ operations = [], contents = [] }: Proposal): CommitHeader | undefined {
    if (operations.length === 0 && contents.length === 0) return undefined
    const base = { id: randomBytes(16).toString('hex'), sequence: this.#position.sequence + 1, previous: this.#digest, time: this.#repository.now(), author: this.#author }
    return contents.length === 0 ? { ...base, operations } : { ...base, contents, operations }
  }
}
