import { isNexusError } from '../contract/errors.ts'
import type { Path } from '../contract/paths.ts'
import type { Repository } from './context.ts'
import { ensureDurable, makeContentsDurable } from './maintenance/make-durable.ts'
import { presentRow } from './read.ts'

/**
 * What a commit that asks for `fsync` and refers to what stands at a path waits for: another one that did not ask may have written it. A directory is
 * taken with all that is in it.
 */
export async function ensureSourceDurable(repository: Repository, path: Path, signal: AbortSignal | undefined): Promise<void> {
  if (repository.durability !== 'fsync' || repository.readonly) return
  await repository.refresh(signal)
  const digest = sourceDigest(repository, path)
  if (digest === undefined) return
  await (digest === null ? makeContentsDurable(repository, { signal }) : ensureDurable(repository, [digest], signal))
}

/** `null` for a directory; `undefined` for nothing, which the commit itself will tell. */
function sourceDigest(repository: Repository, path: Path): string | null | undefined {
  try {
    return presentRow(repository, path).digest
  } catch (error) {
    if (isNexusError(error, 'not_found')) return undefined
    throw error
  }
}
