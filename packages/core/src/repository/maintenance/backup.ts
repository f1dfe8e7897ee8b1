import { randomBytes } from 'node:crypto'
import type Database from 'better-sqlite3'
import type { CallOptions } from '../../contract/backend.ts'
import { NexusError } from '../../contract/errors.ts'
import type { ContentStore } from '../../contract/store.ts'
import type { Repository } from '../context.ts'
import type { ContentRow } from '../rows.ts'
import { BackupTarget } from './backup-target.ts'
import { stateLines } from './checkpoint-lines.ts'
import { type ContentFault, spreadFaults, toContentProblems } from './content-problems.ts'
import { withIndexSnapshot } from './index-snapshot.ts'
import { encodePack } from './pack.ts'
import { createPace } from './pace.ts'
import { withPin } from './pins.ts'
import type { RepositoryProblem } from './problem.ts'
import { readStored, readStoredTwice } from './read-stored.ts'
import { storeCheckpoint } from './store-checkpoint.ts'
import { contentRows, hasBytes } from './stored-contents.ts'

/** How a backup is made. */
export interface BackupOptions extends CallOptions {
  readonly onProgress?: ((progress: { readonly contents: number; readonly bytes: number }) => void) | undefined
}

/** What a backup holds now. */
export interface BackupReport {
  /** The last commit that it holds: everything up to it, and nothing after. */
  readonly sequence: number
  /** Contents that were copied now, and their size. */
  readonly contents: number
  readonly bytes: number
  /** Contents that were there from an earlier backup. */
  readonly kept: number
  /** Contents that are damaged in the repository, and so not in the backup. */
  readonly problems: readonly RepositoryProblem[]
}

const packBytes = 16 * 1024 * 1024
const attempts = 5

/**
 * Copies a repository as of one commit, while writers go on. Each content is verified before it is copied and read back after; what an earlier backup
 * brought there is not copied again. The target holds objects only, so it can be any place that keeps them, and nothing of the repository but this.
 * @param target Empty, or an earlier backup of the same repository.
 * @throws NexusError `not_found` where there is no repository yet, `invalid_argument` for a backup of another repository, `corrupt` when a copy reads back differently
 */
export async function backup(repository: Repository, target: ContentStore, options: BackupOptions = {}): Promise<BackupReport> {
  for (let attempt = 1; ; attempt++) {
    const report = await withIndexSnapshot(repository, options.signal, ({ database, head }) =>
      withPin(repository, head.sequence, () => new BackupRun(repository, { database, target, options }).run(head)),
    )
    if (report === undefined) throw new NexusError('not_found', { op: 'backup', reason: 'There is no repository here yet; its first write makes one.' })
    if (report !== 'overtaken') return report
    if (attempt === attempts) throw new NexusError('busy', { op: 'backup', reason: 'Garbage was collected faster than it could be copied; repeat the backup, which goes on where it was.' })
  }
}

interface Run {
  readonly database: Database.Database
  readonly target: ContentStore
  readonly options: BackupOptions
}

/** One attempt at a backup, of one state. */
class BackupRun {
  readonly #repository: Repository
  readonly #run: Run
  readonly #target: BackupTarget
  readonly #faults = new Map<string, ContentFault>()
  #packing: { digest: string; bytes: Uint8Array }[] = []
  #packingBytes = 0
  #copied = { contents: 0, bytes: 0 }
  #kept = 0

  constructor(repository: Repository, run: Run) {
    this.#repository = repository
    this.#run = run
    this.#target = new BackupTarget(run.database, { contents: run.target, hasher: repository.hasher })
  }

  async run(head: { readonly sequence: number; readonly repository: string }): Promise<BackupReport | 'overtaken'> {
    const { database, options: { signal } } = this.#run
    const pace = createPace(signal)
    await this.#target.open(head.repository, signal)
    for (const row of contentRows(database, hasBytes)) {
      if (await this.#target.has(row, signal)) this.#kept++
      else if (!(await this.#copy(row))) return 'overtaken'
      await pace()
    }
    await this.#storePack()
    const { descriptor } = this.#repository
    const lines = stateLines(database, { descriptor, place: (row) => (this.#faults.has(row.digest) ? undefined : this.#target.place(row)) })
    await storeCheckpoint({ contents: this.#run.target, hasher: this.#repository.hasher }, { lines, sequence: head.sequence, signal })
    await spreadFaults(this.#repository, { database, faults: this.#faults, pace })
    const problems = await toContentProblems(this.#repository, { database, faults: this.#faults, pace })
    return { sequence: head.sequence, ...this.#copied, kept: this.#kept, problems }
  }

  /** @returns Whether the content still is where the state says, or anywhere. */
  async #copy(row: ContentRow): Promise<boolean> {
    const { signal } = this.#run.options
    let bytes = await readStoredTwice(this.#repository, row, signal)
    if (typeof bytes === 'string') {
      await this.#repository.refresh(signal, true)
      const now = this.#repository.view.content(row.digest)
      if (now === undefined) return false
      bytes = await readStoredTwice(this.#repository, now, signal)
    }
    if (typeof bytes === 'string') this.#faults.set(row.digest, { message: `it is ${bytes}`, key: row.key })
    else if (row.key?.startsWith('cas/') === true) await this.#storeObject(row, bytes)
    else await this.#pack(row, bytes)
    return true
  }

  async #storeObject(row: ContentRow, bytes: Uint8Array): Promise<void> {
    await this.#target.store(row.key ?? '', bytes, this.#run.options.signal)
    await this.#verify({ ...row, offset: 0 })
    this.#count(1, bytes.length)
  }

  async #pack({ digest }: ContentRow, bytes: Uint8Array): Promise<void> {
    this.#packing.push({ digest, bytes })
    this.#packingBytes += bytes.length
    if (this.#packingBytes >= packBytes) await this.#storePack()
  }

  async #storePack(): Promise<void> {
    if (this.#packing.length === 0) return
    const pack = encodePack(this.#repository, this.#packing)
    const key = `packs/${randomBytes(16).toString('hex')}`
    await this.#target.store(key, pack.bytes, this.#run.options.signal)
    for (const { digest, bytes } of this.#packing) {
      const offset = pack.offsets.get(digest) ?? 0
      await this.#verify({ digest, size: bytes.length, key, offset, segment: null, pieces: null, part: 0, durable: 1 })
      this.#target.remember(digest, { key, offset })
    }
    this.#count(this.#packing.length, this.#packingBytes)
    this.#packing = []
    this.#packingBytes = 0
  }

  async #verify(row: ContentRow): Promise<void> {
    const { hasher, journal } = this.#repository
    const found = await readStored({ hasher, journal, contents: this.#run.target }, row, this.#run.options.signal)
    if (typeof found === 'string') throw new NexusError('corrupt', { op: 'backup', path: row.key ?? '', reason: 'What was just copied reads back differently; the target is at fault. Nothing was changed in the repository.' })
  }

  #count(contents: number, bytes: number): void {
    this.#copied = { contents: this.#copied.contents + contents, bytes: this.#copied.bytes + bytes }
    this.#run.options.onProgress?.(this.#copied)
  }
}
