import { randomBytes } from 'node:crypto'
import { hostname, userInfo } from 'node:os'
import type { Backend, ServiceHealth } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import { createRecordCodec } from '../contract/record.ts'
import type { ContentStore, Durability, JournalStore } from '../contract/store.ts'
import type { DigestAlgorithm } from './digest.ts'
import { createRepositoryBackend } from './backend.ts'
import { Engine } from './engine.ts'

/** How a repository is opened. */
export interface RepositoryOptions {
  readonly journal: JournalStore
  readonly contents: ContentStore
  /** File of the index; its directory exists once the repository does. */
  readonly indexPath: string
  /** Default `fsync`. */
  readonly durability?: Durability | undefined
  /** `none` trusts the storage and skips digests on reads; default `full`. */
  readonly verify?: 'full' | 'none' | undefined
  readonly readonly?: boolean | undefined
  /** Makes it read-only, and is what a writer is told. */
  readonly readonlyReason?: string | undefined
  /** How old an answer about what others wrote may be, in milliseconds; default 0: the storage is asked each time. */
  readonly freshnessMs?: number | undefined
  /** Algorithm of a repository that is made now; an existing one says its own. Default `blake3`. */
  readonly digest?: DigestAlgorithm | undefined
  /** Milliseconds since the epoch; default the system's clock. */
  readonly now?: (() => number) | undefined
  readonly signal?: AbortSignal | undefined
  /** As of a Backend: where the storage lies far away. */
  readonly cacheScope?: string | undefined
  /** As of a Backend. */
  readonly serviceHealth?: (() => ServiceHealth) | undefined
}

/** A backend over a repository, with what its commands need. */
export interface RepositoryBackend extends Backend {
  readonly repository: Engine
}

/**
 * Opens storage that Nexus owns (layout `cas`). Writes nothing: an empty storage becomes a repository at its first write.
 * @throws NexusError `corrupt`, `invalid_config` (another format), `unavailable`
 */
export async function openRepository(options: RepositoryOptions): Promise<RepositoryBackend> {
  const engine = new Engine({
    journal: options.journal,
    contents: options.contents,
    indexPath: options.indexPath,
    durability: options.durability ?? 'fsync',
    verify: options.verify ?? 'full',
    readonly: options.readonly ?? false,
    readonlyReason: options.readonlyReason,
    freshnessMs: options.freshnessMs ?? 0,
    digest: options.digest ?? 'blake3',
    now: options.now ?? Date.now,
    codec: await createRecordCodec(),
    author: `${userName()}@${hostname()}:${process.pid}`,
    randomId: createIdSource(),
  })
  try {
    await engine.open(options.signal)
  } catch (error) {
    await engine.close()
    throw error
  }
  const { cacheScope, serviceHealth } = options
  return { ...createRepositoryBackend(engine), ...(cacheScope !== undefined && { cacheScope }), ...(serviceHealth && { serviceHealth }) }
}

/** Ids of 32 hex digits that no other process gives: random where processes could meet, counted within one. */
function createIdSource(): () => string {
  const prefix = randomBytes(11).toString('hex')
  let count = 0
  return () => prefix + (count++).toString(16).padStart(10, '0')
}

/** A container may run without a name for its user. */
function userName(): string {
  try {
    return userInfo().username
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== undefined) return String(process.getuid?.() ?? 'unknown')
    throw new NexusError('unexpected', { cause: error })
  }
}
