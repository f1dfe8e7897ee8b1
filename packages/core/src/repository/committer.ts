import { isNexusError, NexusError } from '../contract/errors.ts'
import { recordFlagFsync, recordPreludeBytes } from '../contract/record.ts'
import { type JournalEntry, type MaybePromise, whenReady } from '../contract/store.ts'
import { type CommitHeader, encodeHeader } from './commit.ts'
import type { Plan, PreparedMember, Repository } from './context.ts'
import { isStructural } from './fold.ts'
import { Overlay } from './overlay.ts'
import { type DraftHost, PlanningDraft } from './planning-draft.ts'

/** What the committer needs of the repository. */
export interface CommitterHost extends DraftHost {
  readonly repository: Pick<Repository, 'journal' | 'contents' | 'codec' | 'hasher' | 'durability' | 'now'>
  readonly author: string
  readonly randomId: () => string
  /** Brings the view forward when only the index can. */
  settle(): Promise<void>
  /** What to wait for before the next group, so that neither the index nor the event loop falls behind. */
  breathe(): Promise<void> | undefined
  /** Looks at the storage, where the view may be older than it; `undefined` where the turn to commit has looked. */
  look(): Promise<void> | undefined
}

interface Waiting {
  /** It came to nothing on a view that may have been old; now the view is new. */
  hasLooked: boolean
  readonly plan: Plan<unknown>
  readonly signal: AbortSignal | undefined
  readonly resolve: (value: { readonly result: unknown; readonly header: CommitHeader | undefined }) => void
  readonly reject: (reason: unknown) => void
}

interface Planned {
  readonly waiting: Waiting
  readonly draft: PlanningDraft
  readonly result: unknown
  readonly header: CommitHeader | undefined
  readonly headerBytes: Uint8Array
  readonly digest: string
  readonly changes: Overlay
  readonly members: readonly PreparedMember[]
}

/** Commits that are written together. */
interface Group {
  waiting: readonly Waiting[]
  /** Filled under the turn, anew each time another writer was first; a refused commit is not among them. */
  planned: readonly Planned[]
  refused: readonly { readonly waiting: Waiting; readonly error: unknown }[]
}

const defaultGroupBytes = 32 * 1024 * 1024

/**
 * Orders the commits of this process: what waits while one group is written joins the next, so that a sync is paid once for all of it.
 */
export class Committer {
  readonly #host: CommitterHost
  #queue: Waiting[] = []
  #running: Promise<void> | undefined
  #isLost = false

  constructor(host: CommitterHost) {
    this.#host = host
  }

  commit<T>(plan: Plan<T>, signal?: AbortSignal): Promise<{ readonly result: T; readonly header: CommitHeader | undefined }> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ hasLooked: false, plan, signal, resolve: resolve as Waiting['resolve'], reject })
      this.#running ??= this.#run()
    })
  }

  /** Resolves when nothing waits and nothing is being written. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  async #run(): Promise<void> {
    // One microtask, so that writers of the same turn join the first group.
    await Promise.resolve()
    try {
      while (this.#queue.length > 0) {
        const pause = this.#host.breathe()
        if (pause !== undefined) await pause
        const writing = this.#writeGroup()
        if (writing !== undefined) await writing
      }
    } finally {
      this.#running = undefined
    }
  }

  /** One turn; where nothing had to be waited for, it is over when this returns. */
  #writeGroup(): MaybePromise<void> {
    const { repository, present } = this.#host
    const group: Group = { waiting: this.#queue, planned: [], refused: [] }
    this.#queue = []
    const prepare = (newer: readonly JournalEntry[]): MaybePromise<Uint8Array[]> => {
      present.fold(newer)
      return present.isBehind ? this.#host.settle().then(() => this.#prepare(group)) : this.#prepare(group)
    }
    try {
      const signal = group.waiting.length === 1 ? group.waiting[0]?.signal : undefined
      const entries = repository.journal.append(present.position, prepare, { durability: repository.durability, signal })
      const done = whenReady(entries, (published) => this.#acknowledge(group, published))
      return done instanceof Promise ? done.catch((error: unknown) => this.#refuse(group, error)) : done
    } catch (error) {
      return this.#refuse(group, error)
    }
  }

  #acknowledge(group: Group, entries: readonly JournalEntry[]): MaybePromise<void> {
    const looking = entries.length > 0 || group.waiting.every(({ hasLooked }) => hasLooked) ? undefined : this.#host.look()
    if (looking !== undefined) return this.#planAgain(group, looking)
    const { planned, refused } = group
    for (const { waiting, error } of refused) waiting.reject(error)
    const commits = planned.flatMap(({ header, digest, changes }) => (header === undefined ? [] : [{ header, digest, changes }]))
    if (commits.length !== entries.length) throw new NexusError('unexpected', { reason: `${commits.length} commits were written, ${entries.length} acknowledged.` })
    this.#host.present.fold(entries, commits)
    this.#isLost = false
    const tell = (): void => {
      for (const { waiting, result, header } of planned) waiting.resolve({ result, header })
    }
    // What is committed stays so, whatever the index says: until it has caught up, every reader asks it again and meets the reason.
    if (this.#host.present.isBehind) return Promise.allSettled([this.#host.settle()]).then(tell)
    tell()
  }

  /** Nothing came of a group, on a view that may be older than the storage: what another process did meanwhile may change that. */
  async #planAgain({ waiting }: Group, looking: Promise<void>): Promise<void> {
    try {
      await looking
      for (const one of waiting) one.hasLooked = true
      this.#queue.unshift(...waiting)
    } catch (error) {
      for (const { reject } of waiting) reject(error)
    }
  }

  async #refuse({ waiting, planned, refused }: Group, error: unknown): Promise<void> {
    if (await this.#findAgain(error, waiting)) return
    for (const { waiting: one, error: own } of refused) one.reject(own)
    for (const { reject } of waiting) reject(error)
    for (const { members } of planned) for (const member of members) await member.staged?.discard()
  }

  /** Another process compacted the journal away from under our position: the index knows what stood there, and the group is planned once more. */
  async #findAgain(error: unknown, group: readonly Waiting[]): Promise<boolean> {
    if (this.#isLost || !isNexusError(error, 'not_found') || error.op !== 'journal') return false
    this.#isLost = true
    this.#host.present.isBehind = true
    try {
      await this.#host.settle()
      this.#queue.unshift(...group)
    } catch (failure) {
      for (const waiting of group) waiting.reject(failure)
    }
    return true
  }

  /** Plans each waiting commit on top of those before it; a refused one has no effect on the others. */
  #prepare(group: Group): MaybePromise<Uint8Array[]> {
    const { present, repository: { journal: { maxGroupBytes = defaultGroupBytes } } } = this.#host
    const planned: Planned[] = []
    const refused: { waiting: Waiting; error: unknown }[] = []
    group.planned = planned
    group.refused = refused
    const base = new Overlay(present)
    let { sequence } = present.position
    let previous = present.digest
    let bytes = 0
    for (const [index, waiting] of group.waiting.entries()) {
      const plan = planned.at(-1)?.header?.operations.some(isStructural) === true ? undefined : this.#planOne(waiting, { base, sequence: sequence + 1, previous })
      if (plan !== undefined && 'error' in plan) {
        refused.push(plan)
        continue
      }
      bytes += plan === undefined ? 0 : sizeOf(plan)
      if (plan === undefined || (bytes > maxGroupBytes && planned.length > 0)) {
        // The rest goes into the next group: it is full, or only the index can show what was just planned.
        this.#queue.unshift(...group.waiting.slice(index))
        group.waiting = group.waiting.slice(0, index)
        break
      }
      planned.push(plan)
      if (plan.header === undefined) continue
      if (index < group.waiting.length - 1) plan.draft.mergeInto(base)
      sequence++
      previous = plan.digest
    }
    const records = planned.filter((plan) => plan.header !== undefined).map((plan) => this.#encode(plan))
    const staged = planned.flatMap((plan) => plan.members.flatMap((member) => (member.staged === undefined ? [] : [member.staged])))
    return staged.length === 0 ? records : this.#publishContents(staged).then(() => records)
  }

  async #publishContents(staged: readonly { publish(): unknown }[]): Promise<void> {
    for (const content of staged) await content.publish()
    await this.#host.repository.contents.settle({ durability: this.#host.repository.durability })
  }

  #planOne(waiting: Waiting, { base, sequence, previous }: { base: Overlay; sequence: number; previous: string }): Planned | { readonly waiting: Waiting; readonly error: unknown } {
    try {
      waiting.signal?.throwIfAborted()
      const draft = new PlanningDraft(base, { host: this.#host, sequence, time: this.#host.repository.now() })
      const result = waiting.plan(draft)
      if (draft.operations.length === 0) return { waiting, draft, result, header: undefined, headerBytes: new Uint8Array(0), digest: '', changes: draft.view, members: draft.members }
      const header = draft.toHeader({ id: this.#host.randomId(), previous, author: this.#host.author })
      const headerBytes = encodeHeader(header)
      return { waiting, draft, result, header, headerBytes, digest: this.#host.repository.hasher.digest(headerBytes), changes: draft.view, members: draft.members }
    } catch (error) {
      return { waiting, error }
    }
  }

  #encode({ header, headerBytes, members }: Planned): Uint8Array {
    const contents = members.flatMap((member) => (member.inline === undefined ? [] : [member.inline]))
    const flags = this.#host.repository.durability === 'fsync' ? recordFlagFsync : 0
    return this.#host.repository.codec.encode({ sequence: header?.sequence ?? 0, flags, header: headerBytes, contents })
  }
}

function sizeOf({ headerBytes, members }: Planned): number {
  return members.reduce((sum, { inline }) => sum + (inline?.length ?? 0), recordPreludeBytes + headerBytes.length)
}
