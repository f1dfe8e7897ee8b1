import type Database from 'better-sqlite3'
import { isNexusError } from '../../contract/errors.ts'
import type { CommitHeader } from '../commit.ts'
import type { Repository } from '../context.ts'
import { withIndexSnapshot } from './index-snapshot.ts'
import { createPace } from './pace.ts'
import { Trail } from './trail.ts'

const objectsAtOnce = 256

/**
 * Deletes objects that no commit refers to: dropped ones at once, others when they are older than `graceMs`.
 * @returns Number of bytes given back.
 */
export async function sweepLeftovers(
  repository: Repository,
  { graceMs, prefixes = ['cas/', 'packs/'], signal }: { readonly graceMs: number; readonly prefixes?: readonly string[] | undefined; readonly signal?: AbortSignal | undefined },
): Promise<number> {
  const bytes = await withIndexSnapshot(repository, signal, async ({ database, head }) => {
    const trail = new Trail(repository, { from: head, author: 'sweep' })
    const isReferred = await prepareKeys(database, signal)
    const isDropped = database.prepare('SELECT 1 FROM dropped WHERE key = ?')
    const before = repository.now() - graceMs
    let freed = 0
    let keys: string[] = []
    for (const prefix of prefixes) {
      for await (const { key, modifiedAt } of repository.contents.list(prefix, { signal })) {
        if (isReferred(key) || (modifiedAt.getTime() >= before && isDropped.get(key) === undefined)) continue
        keys.push(key)
        if (keys.length < objectsAtOnce) continue
        freed += await deleteObjects(repository, { trail, keys, signal })
        keys = []
      }
    }
    return freed + (await deleteObjects(repository, { trail, keys, signal }))
  })
  return bytes ?? 0
}

/**
 * Deletes objects that nothing refers to as of the trail's last look, inside the turn to commit: nobody can publish one of them meanwhile, and those
 * that a commit since then refers to stay.
 * @returns Number of bytes given back.
 */
export async function deleteObjects(
  repository: Repository,
  { trail, keys, signal }: { readonly trail: Trail; readonly keys: readonly string[]; readonly signal?: AbortSignal | undefined },
): Promise<number> {
  let bytes = 0
  if (keys.length === 0) return bytes
  await trail.commit(async (newer) => {
    const taken = keysOf(newer)
    const gone = keys.filter((key) => !taken.has(key))
    for (const key of gone) bytes += await sizeOf(repository, key)
    await repository.contents.delete(gone, { signal })
    return {}
  }, signal)
  return bytes
}

/** Keys to which commits gave contents. */
export function keysOf(headers: readonly CommitHeader[]): Set<string> {
  const keys = new Set<string>()
  for (const { contents = [], operations } of headers) {
    for (const { key } of contents) if (key !== undefined) keys.add(key)
    for (const operation of operations) if (operation.op === 'relocate') keys.add(operation.key)
  }
  return keys
}

async function sizeOf({ contents }: Repository, key: string): Promise<number> {
  try {
    return (await contents.stat(key)).sizeBytes
  } catch (error) {
    if (isNexusError(error, 'not_found')) return 0
    throw error
  }
}

/** Tells which keys the state that the connection holds refers to. */
export async function prepareKeys(database: Database.Database, signal: AbortSignal | undefined): Promise<(key: string) => boolean> {
  database.exec('CREATE TEMP TABLE keys (key TEXT PRIMARY KEY) WITHOUT ROWID')
  const add = database.prepare('INSERT OR IGNORE INTO keys VALUES (?)')
  const rows = database.prepare<[string], { digest: string; key: string | null }>('SELECT digest, key FROM contents WHERE digest > ? ORDER BY digest LIMIT 4096')
  const pace = createPace(signal)
  for (let some = rows.all(''); some.length > 0; some = rows.all(some.at(-1)?.digest ?? '')) {
    for (const { key } of some) if (key !== null) add.run(key)
    await pace()
  }
  const find = database.prepare('SELECT 1 FROM keys WHERE key = ?')
  return (key) => find.get(key) !== undefined
}
