import { isNexusError } from '../../contract/errors.ts'
import type { JournalPosition } from '../../contract/store.ts'
import type { Repository } from '../context.ts'
import { readStored } from './read-stored.ts'
import { Trail } from './trail.ts'

/**
 * Takes a damaged content out of use, inside the turn to commit: whoever writes the same bytes meanwhile heals it before, and then it is left alone, or
 * after, and then under a key that nobody moves away any more.
 * @param from A state of the journal, with the digest of its last commit.
 */
export async function quarantineContent(repository: Repository, digest: string, from: JournalPosition & { readonly digest: string }): Promise<void> {
  await new Trail(repository, { from, author: 'quarantine' }).commit(async () => {
    await repository.refresh(undefined, true)
    const row = repository.view.content(digest)
    if (row === undefined || typeof (await readStored(repository, row)) !== 'string') return {}
    if (row.key?.startsWith('cas/') === true) await moveAside(repository, row.key)
    return { operations: [{ op: 'quarantine', digest }] }
  })
}

async function moveAside({ contents }: Repository, key: string): Promise<void> {
  try {
    await contents.quarantine(key)
  } catch (error) {
    // It was found missing: nothing is left to put aside.
    if (!isNexusError(error, 'not_found')) throw error
  }
}
