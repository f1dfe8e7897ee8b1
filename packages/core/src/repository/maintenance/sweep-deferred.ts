import type Database from 'better-sqlite3'
import type { DeletionDeferral } from '../../contract/store.ts'
import type { Repository } from '../context.ts'
import { withIndexSnapshot } from './index-snapshot.ts'
import { oldestPin } from './pins.ts'
import { keysOf, prepareKeys } from './sweep-leftovers.ts'
import { Trail } from './trail.ts'

const objectsAtOnce = 256

interface Sweep {
  readonly repository: Repository
  readonly deferral: DeletionDeferral
  /** The store's time, milliseconds since the epoch. */
  readonly now: number
  readonly signal: AbortSignal | undefined
}

interface Found {
  readonly key: string
  readonly sizeBytes: number
}

/**
 * Where no lock keeps others away: deletes objects whose keys were dropped long enough ago, and drops those that no commit refers to for so long that no
 * writer still means to. From the drop on, a commit that refers to the key is refused: so nothing that is deleted can come into use meanwhile.
 * @returns Number of bytes given back.
 */
export async function sweepDeferred(repository: Repository, deferral: DeletionDeferral, signal: AbortSignal | undefined): Promise<number> {
  const freed = await withIndexSnapshot(repository, signal, async ({ database, head }) => {
    const sweep: Sweep = { repository, deferral, now: await deferral.now({ signal }), signal }
    const { gone, unreferred } = await findLeftovers(sweep, database)
    const trail = new Trail(repository, { from: head, author: 'sweep' })
    for (const keys of batches(unreferred)) await dropKeys(trail, keys, signal)
    for (const objects of batches(gone)) await repository.contents.delete(objects.map(({ key }) => key), { signal })
    return gone.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  })
  return freed ?? 0
}

async function findLeftovers(sweep: Sweep, database: Database.Database): Promise<{ gone: Found[]; unreferred: string[] }> {
  const { repository, deferral, now, signal } = sweep
  const isReferred = await prepareKeys(database, signal)
  const dropped = database.prepare<[string], { sequence: number }>('SELECT sequence FROM dropped WHERE key = ?')
  const through = await deletableThrough(sweep)
  const gone: Found[] = []
  const unreferred: string[] = []
  for (const prefix of ['cas/', 'packs/']) {
    for await (const { key, sizeBytes, modifiedAt } of repository.contents.list(prefix, { signal })) {
      const drop = dropped.get(key)
      if (drop !== undefined && drop.sequence <= through) gone.push({ key, sizeBytes })
      else if (drop === undefined && !isReferred(key) && modifiedAt.getTime() < now - deferral.unreferredForMs) unreferred.push(key)
    }
  }
  return { gone, unreferred }
}

/** The last commit whose drops may be carried out: it was written long enough ago by the store's clock, and no pinned state is older. */
async function deletableThrough({ repository: { journal, contents }, deferral, now, signal }: Sweep): Promise<number> {
  const segments = await journal.segments({ signal })
  const isOld = ({ modifiedAt }: { readonly modifiedAt?: Date | undefined }): boolean => modifiedAt !== undefined && modifiedAt.getTime() <= now - deferral.droppedForMs
  // What has left the journal is older than all that is in it.
  const through = segments.findLast(isOld)?.last ?? (segments[0]?.first ?? 1) - 1
  return Math.min(through, (await oldestPin(contents, { deferral, now, signal })) ?? through)
}

async function dropKeys(trail: Trail, keys: readonly string[], signal: AbortSignal | undefined): Promise<void> {
  await trail.commit((newer) => {
    const taken = keysOf(newer)
    // Of no digest: the same content may be known under another key.
    return { operations: keys.flatMap((key) => (taken.has(key) ? [] : [{ op: 'drop' as const, digest: '', key }])) }
  }, signal)
}

function* batches<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += objectsAtOnce) yield items.slice(start, start + objectsAtOnce)
}
