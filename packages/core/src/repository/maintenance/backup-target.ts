import type Database from 'better-sqlite3'
import { isNexusError, NexusError } from '../../contract/errors.ts'
import type { ContentRow } from '../rows.ts'
import { type CheckpointSource, checkpointLines, listCheckpoints, openCheckpoint } from './checkpoint-file.ts'

/** What earlier backups brought to a target, kept in a temporary table so that memory stays flat. */
export class BackupTarget {
  readonly #store: CheckpointSource
  readonly #remember: Database.Statement<[string, string, number]>
  readonly #find: Database.Statement<[string], { key: string; offset: number }>
  readonly #sizes = new Map<string, number | undefined>()

  constructor(database: Database.Database, store: CheckpointSource) {
    this.#store = store
    database.exec('CREATE TEMP TABLE stored (digest TEXT PRIMARY KEY, key TEXT NOT NULL, "offset" INTEGER NOT NULL) WITHOUT ROWID')
    this.#remember = database.prepare('INSERT OR REPLACE INTO stored VALUES (?, ?, ?)')
    this.#find = database.prepare('SELECT key, "offset" FROM stored WHERE digest = ?')
  }

  /** Reads what the newest whole backup holds. @throws NexusError `invalid_argument` when it is of another repository */
  async open(repository: string, signal: AbortSignal | undefined): Promise<void> {
    for (const { key } of await listCheckpoints(this.#store.contents, signal)) {
      if ((await openCheckpoint(this.#store, key, signal)) === undefined) continue
      for await (const line of checkpointLines(this.#store, key, signal)) {
        if (line.kind === 'head' && line['repository'] !== repository) {
          throw new NexusError('invalid_argument', { op: 'backup', path: key, reason: `The target holds a backup of repository ${String(line['repository'])}; choose an empty one.` })
        }
        if (line.kind === 'content' && typeof line['key'] === 'string' && line['key'].startsWith('packs/')) this.#remember.run(String(line['digest']), line['key'], Number(line['offset']))
      }
      return
    }
  }

  /** Whether a content is there, in its size. */
  async has(row: ContentRow, signal: AbortSignal | undefined): Promise<boolean> {
    if (row.key?.startsWith('cas/') === true) return (await this.#sizeOf(row.key, signal)) === row.size
    const place = this.#find.get(row.digest)
    if (place === undefined) return false
    if (!this.#sizes.has(place.key)) this.#sizes.set(place.key, await this.#sizeOf(place.key, signal))
    return (this.#sizes.get(place.key) ?? 0) >= place.offset + row.size
  }

  remember(digest: string, { key, offset }: { readonly key: string; readonly offset: number }): void {
    this.#remember.run(digest, key, offset)
  }

  /** A content's row with its place in the target. */
  place(row: ContentRow): ContentRow {
    if (row.pieces !== null || row.key?.startsWith('cas/') === true) return { ...row, durable: 1 }
    const place = this.#find.get(row.digest)
    return { ...row, segment: null, durable: 1, ...(place ?? {}) }
  }

  async store(key: string, bytes: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    const staged = await this.#store.contents.stage(key, bytes, { durability: 'fsync', signal })
    await staged.publish()
    await this.#store.contents.settle({ durability: 'fsync', signal })
  }

  async #sizeOf(key: string, signal: AbortSignal | undefined): Promise<number | undefined> {
    try {
      return (await this.#store.contents.stat(key, { signal })).sizeBytes
    } catch (error) {
      if (isNexusError(error, 'not_found')) return undefined
      throw error
    }
  }
}
