import { isNexusError, NexusError } from '../contract/errors.ts'
import type { RecordCodec } from '../contract/record.ts'
import type { ContentStore, Durability, JournalPosition, JournalStore, MaybePromise } from '../contract/store.ts'
import { Committer } from './committer.ts'
import type { CommitHeader } from './commit.ts'
import type { Descriptor, Plan, Repository, View } from './context.ts'
import { encodeDescriptor, newDescriptor, parseDescriptor } from './descriptor.ts'
import { type DigestAlgorithm, type Hasher, openHasher } from './digest.ts'
import { Freshness } from './freshness.ts'
import { type IndexFile, openIndexFile } from './index-file.ts'
import { IndexKeeper } from './index-keeper.ts'
import type { IndexReader } from './index-reader.ts'
import { LoopGuard } from './loop-guard.ts'
import type { RepositoryProblem } from './maintenance/problem.ts'
import { recoverContents } from './maintenance/recover-contents.ts'
import { quarantineContent } from './maintenance/quarantine.ts'
import { Present } from './present.ts'

interface EngineOptions {
  readonly journal: JournalStore
  readonly contents: ContentStore
  readonly indexPath: string
  readonly durability: Durability
  readonly verify: 'full' | 'none'
  readonly readonly: boolean
  readonly readonlyReason: string | undefined
  readonly freshnessMs: number
  readonly digest: DigestAlgorithm
  readonly now: () => number
  readonly codec: RecordCodec
  readonly author: string
  readonly randomId: () => string
}

/** How long nobody asks before the index's state is let go, so that its write-ahead log can be shortened. */
const restAfterMs = 1000

/** One open repository: the present in memory, the journal it follows, the index behind it. */
export class Engine implements Repository {
  readonly journal: JournalStore
  readonly contents: ContentStore
  readonly codec: RecordCodec
  readonly durability: Durability
  readonly verify: 'full' | 'none'
  readonly now: () => number
  readonly view: View
  recovered: readonly RepositoryProblem[] = []
  readonly #options: EngineOptions
  readonly #present: Present
  readonly #committer: Committer
  readonly #work = new Set<Promise<unknown>>()
  #descriptor: Descriptor | undefined
  #hasher: Hasher | undefined
  #index: IndexFile | undefined
  #keeper: IndexKeeper | undefined
  #settling: Promise<void> | undefined
  #creating: Promise<void> | undefined
  #rebuilding: Promise<void> | undefined
  #closing: Promise<void> | undefined
  #restTimer: NodeJS.Timeout | undefined
  #wasUsed = false
  readonly #guard = new LoopGuard()
  readonly #freshness: Freshness
  #isClosing = false
  #isClosed = false

  constructor(options: EngineOptions) {
    this.#options = options
    this.journal = options.journal
    this.contents = options.contents
    this.codec = options.codec
    this.durability = options.durability
    this.verify = options.verify
    this.now = options.now
    this.#freshness = new Freshness(options)
    this.#present = new Present(() => this.hasher)
    this.view = this.#present
    this.#committer = new Committer({
      repository: this,
      present: this.#present,
      author: options.author,
      randomId: options.randomId,
      settle: () => this.#settleOrRebuild(),
      breathe: () => this.#rebuilding ?? this.#keeper?.offer() ?? this.#guard.pass(),
      look: () => (this.#freshness.isOff ? undefined : Promise.resolve(this.refresh(undefined, true))),
      wasDropped: (key) => this.contents.deferral !== undefined && this.wasDropped(key),
    })
  }

  get descriptor(): Descriptor | undefined {
    return this.#descriptor
  }

  get readonly(): boolean {
    return this.#options.readonly || this.readonlyReason !== undefined
  }

  get readonlyReason(): string | undefined {
    const { authority = 'journal' } = this.#descriptor ?? {}
    if (authority === 'journal') return this.#options.readonlyReason
    return `The commits of ${this.journal.name} are numbered by ${authority}, and written by servers that use it; here it can only be read.`
  }

  get hasher(): Hasher {
    if (this.#hasher === undefined) throw new NexusError('unexpected', { reason: 'The repository is not open.' })
    return this.#hasher
  }

  get position(): JournalPosition {
    return this.#present.position
  }

  /** Looks whether there is a repository, and takes its index. */
  async open(signal?: AbortSignal): Promise<void> {
    const bytes = await this.journal.readDescriptor({ signal })
    const descriptor = bytes === undefined ? undefined : parseDescriptor(bytes, this.journal.name)
    this.#hasher = await openHasher(descriptor?.digest ?? this.#options.digest)
    if (descriptor === undefined) return
    await this.#attach(descriptor, { signal })
    if (!this.readonly && this.#index?.isConfirmed === false) this.recovered = await recoverContents(this, signal)
    await this.#confirm()
  }

  enter(): void {
    if (this.#isClosing) throw new NexusError('unavailable', { reason: 'The repository is closed.' })
  }

  refresh(signal?: AbortSignal, isFresh = false): MaybePromise<void> {
    if (this.#isClosed) throw new NexusError('unavailable', { reason: 'The repository is closed.' })
    if (this.#rebuilding !== undefined) return this.#rebuilding.then(() => this.refresh(signal, isFresh))
    if (this.#index === undefined) return this.#freshness.look(isFresh, () => this.#lookAgain(signal))
    this.#wasUsed = true
    const turn = this.#guard.pass()
    return turn === undefined ? this.#refreshNow(signal, isFresh) : turn.then(() => this.#refreshNow(signal, isFresh))
  }

  settled(): Promise<void> | undefined {
    return this.#rebuilding ?? this.#guard.pass()
  }

  #refreshNow(signal: AbortSignal | undefined, isFresh: boolean): MaybePromise<void> {
    if (!this.#present.isBehind) return this.#freshness.look(isFresh, () => this.#lookForNews(signal))
    const settling = this.#settle()
    return isFresh ? settling.then(() => this.#refreshNow(signal, true)) : settling
  }

  #lookForNews(signal: AbortSignal | undefined): MaybePromise<void> {
    try {
      const newer = this.journal.newer(this.#present.position, { signal })
      if (newer instanceof Promise) return newer.then((entries) => this.#follow(entries, signal)).catch((error: unknown) => this.#skipGone(error))
      return newer.length === 0 ? undefined : this.#follow(newer, signal).catch((error: unknown) => this.#skipGone(error))
    } catch (error) {
      return this.#skipGone(error)
    }
  }

  /** Another process compacted the journal away from under our position: then the index tells what stood there. */
  #skipGone(error: unknown): Promise<void> {
    if (!isNexusError(error, 'not_found')) throw error
    this.#present.isBehind = true
    return this.#settleOrRebuild()
  }

  /** An index that nobody else writes to may lack what was compacted away: a checkpoint has it. */
  #settleOrRebuild(): Promise<void> {
    return this.#settle().catch((error: unknown) => {
      if (!isNexusError(error, 'not_found')) throw error
      return this.rebuildIndex()
    })
  }

  async settleIndex(signal?: AbortSignal, isFresh = false): Promise<IndexReader | undefined> {
    await this.refresh(signal, isFresh)
    if (this.#index === undefined) return undefined
    await this.#settle()
    return this.#index.reader
  }

  ensureCreated(signal?: AbortSignal): MaybePromise<void> {
    if (this.#index !== undefined) return undefined
    return (this.#creating ??= this.#create(signal).finally(() => (this.#creating = undefined)))
  }

  async #create(signal?: AbortSignal): Promise<void> {
    if (this.#isClosed) throw new NexusError('unavailable', { reason: 'The repository is closed.' })
    const created = newDescriptor({ id: this.#options.randomId(), digest: this.#options.digest, created: this.now() })
    try {
      await this.journal.createDescriptor(encodeDescriptor(created), { signal })
    } catch (error) {
      // Somebody else made it in the same moment: then theirs is the repository.
      if (!(error instanceof NexusError) || error.code !== 'already_exists') throw error
    }
    await this.#lookAgain(signal)
    if (this.#index === undefined) throw new NexusError('unavailable', { reason: `${this.journal.name} could not be made a repository.` })
  }

  commit<T>(plan: Plan<T>, { signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<{ readonly result: T; readonly header: CommitHeader | undefined }> {
    if (this.#isClosed) throw new NexusError('unavailable', { reason: 'The repository is closed.' })
    if (this.#index === undefined) return Promise.resolve(this.ensureCreated(signal)).then(() => this.#commit(plan, signal))
    this.#wasUsed = true
    return this.#freshness.isOff ? this.#committer.commit(plan, signal) : this.#commit(plan, signal)
  }

  /** A commit that stands has met everything that came before it; after one that failed nobody knows. */
  async #commit<T>(plan: Plan<T>, signal: AbortSignal | undefined): Promise<{ readonly result: T; readonly header: CommitHeader | undefined }> {
    const began = this.now()
    try {
      const done = await this.#committer.commit(plan, signal)
      if (done.header !== undefined) this.#freshness.saw(began)
      return done
    } catch (error) {
      if (isNexusError(error, 'outcome_unknown')) this.#freshness.forget()
      throw error
    }
  }

  snapshots(node: number): readonly { readonly name: string; readonly sequence: number; readonly time: number }[] {
    return this.#index?.snapshots(node) ?? []
  }

  wasDropped(key: string): boolean {
    return this.#index?.wasDropped(key) ?? false
  }

  async quarantine(digest: string): Promise<void> {
    if (this.readonly || this.#present.content(digest) === undefined) return
    await quarantineContent(this, digest, { ...this.#present.position, digest: this.#present.digest })
  }

  rebuildIndex(): Promise<void> {
    return (this.#rebuilding ??= this.#exchangeIndex({ isDistrusted: true }).finally(() => (this.#rebuilding = undefined)))
  }

  reopenIndex(): Promise<void> {
    return (this.#rebuilding ??= this.#exchangeIndex({ isDistrusted: false }).finally(() => (this.#rebuilding = undefined)))
  }

  async track<T>(work: Promise<T>): Promise<T> {
    this.#work.add(work)
    try {
      return await work
    } finally {
      this.#work.delete(work)
    }
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  async #close(): Promise<void> {
    this.#isClosing = true
    await Promise.allSettled(this.#work)
    await this.#committer.idle()
    this.#isClosed = true
    clearInterval(this.#restTimer)
    await this.#keeper?.close()
    if (this.#index !== undefined) {
      if (this.#present.pending.length > 0) await this.#index.catchUp()
      this.#index.tidy()
      this.#index.close()
    }
    this.#present.detach()
    await this.journal.close()
  }

  /** What is not on disk yet was looked at, or written, since the machine was started. */
  async #confirm(): Promise<void> {
    if (!this.readonly && this.#index?.isConfirmed === false) await this.#index.confirm()
  }

  async #exchangeIndex({ isDistrusted }: { readonly isDistrusted: boolean }): Promise<void> {
    const descriptor = this.#descriptor
    if (descriptor === undefined) return
    const keeper = this.#keeper
    const index = this.#index
    clearInterval(this.#restTimer)
    await this.#attach(descriptor, { isDistrusted })
    await this.#confirm()
    // Whoever began with the old one ends with it: closed under a commit, it would fail what is well.
    await Promise.allSettled([this.#settling])
    await keeper?.close()
    index?.close()
  }

  async #lookAgain(signal?: AbortSignal): Promise<void> {
    const bytes = await this.journal.readDescriptor({ signal })
    if (bytes !== undefined && this.#index === undefined) await (this.#settling ??= this.#attach(parseDescriptor(bytes, this.journal.name), { signal }).then(() => this.#confirm()).finally(() => (this.#settling = undefined)))
  }

  async #attach(descriptor: Descriptor, { signal, isDistrusted = false }: { readonly signal?: AbortSignal | undefined; readonly isDistrusted?: boolean } = {}): Promise<void> {
    this.#hasher = await openHasher(descriptor.digest)
    const index = await openIndexFile({
      path: this.#options.indexPath,
      journal: this.journal,
      contents: this.contents,
      hasher: this.#hasher,
      repositoryId: descriptor.id,
      signal,
      isDistrusted,
    })
    this.#present.attach(index.reader)
    this.#descriptor = descriptor
    this.#keeper = new IndexKeeper({ index, path: this.#options.indexPath, algorithm: descriptor.digest, present: this.#present, journal: this.journal })
    this.#index = index
    this.#restTimer = setInterval(() => {
      if (!this.#wasUsed) this.#present.rest()
      this.#wasUsed = false
    }, restAfterMs).unref()
  }

  async #follow(first: Awaited<ReturnType<JournalStore['newer']>>, signal?: AbortSignal): Promise<void> {
    for (let entries = first; entries.length > 0; entries = await this.journal.newer(this.#present.position, { signal })) {
      this.#present.fold(entries)
      if (this.#present.isBehind) return this.#settle()
    }
    await this.#keeper?.offer()
  }

  /** Lets the index catch up, then looks at it: for operations that only the index can fold, and for history. */
  #settle(): Promise<void> {
    return (this.#settling ??= this.#catchUp().finally(() => (this.#settling = undefined)))
  }

  async #catchUp(): Promise<void> {
    if (this.#index === undefined) return
    if (this.#present.isBehind || this.#present.pending.length > 0) await this.#index.catchUp()
    this.#present.advance()
  }
}
