import { isNexusError } from '../../contract/errors.ts'
import type { Repository } from '../context.ts'
import type { ContentRow } from '../rows.ts'
import { withIndexSnapshot } from './index-snapshot.ts'
import { contentRows } from './stored-contents.ts'
import { Trail } from './trail.ts'

/** Contents with objects of their own that were acknowledged before they were on disk. */
export const isLoose = 'durable = 0 AND key IS NOT NULL'

const contentsPerCommit = 256

/**
 * Puts on disk what was written under `os`, and commits that it is. What is missing stays as it is, for whoever reads it.
 * @param options.also Contents made of others, told to be on disk with them.
 */
export async function makeContentsDurable(repository: Repository, { also = [], signal }: { readonly also?: readonly string[]; readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
  await withIndexSnapshot(repository, signal, async ({ database, head }) => {
    const trail = new Trail(repository, { from: head, author: 'durability' })
    let digests = [...also]
    const flush = async (): Promise<void> => {
      const operations = digests.length === 0 ? [] : [{ op: 'durable' as const, digests }]
      await trail.commit(() => ({ operations }), signal)
      digests = []
    }
    for (const row of contentRows(database, isLoose)) {
      if (await syncOne(repository, row, signal)) digests.push(row.digest)
      if (digests.length >= contentsPerCommit) await flush()
    }
    if (digests.length > 0) await flush()
  })
}

async function syncOne({ contents }: Repository, { key }: ContentRow, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await contents.sync(key === null ? [] : [key], { signal })
    return true
  } catch (error) {
    if (isNexusError(error, 'not_found')) return false
    throw error
  }
}

/** Puts on disk what a commit that asks for `fsync` is going to refer to, when another one that did not ask has written it; does nothing nearly always. */
export async function ensureDurable(repository: Repository, digests: readonly string[], signal: AbortSignal | undefined): Promise<void> {
  if (repository.durability !== 'fsync' || repository.readonly) return
  const loose = digests.filter((digest) => {
    const row = repository.view.content(digest)
    return row?.durable === 0 && (row.key !== null || row.pieces !== null)
  })
  if (loose.length > 0) await makeContentsDurable(repository, { also: loose, signal })
}
