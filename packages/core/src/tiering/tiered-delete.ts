import type { DeleteOptions, FileStat } from '../contract/backend.ts'
import { isNexusError } from '../contract/errors.ts'
import { isWithin, parentPath, type Path } from '../contract/paths.ts'
import { withdraw } from './carry.ts'
import { dropHidden } from './drop-hidden.ts'
import { fromTierEtag } from './etags.ts'
import { find } from './find.ts'
import { type BothSides, findBoth, hotCapabilities, hotCondition, refuse, type Tier } from './tier.ts'

/** Deletes older content in the other storage first, so that it does not come back when only half of it happens. */
export async function deletePath(tier: Tier, path: Path, options: DeleteOptions = {}): Promise<void> {
  // The root refuses by itself.
  if (path === '/') return tier.hot.delete(path, options)
  await tier.guard.change([path], async () => {
    const both = await findBoth(tier, path, { signal: options.signal })
    const { hot, cold } = both
    if (hot === undefined && cold === undefined) return tier.hot.delete(path, options)
    if ((hot ?? cold)?.kind === 'file') await deleteFile(tier, path, { both, options })
    else await deleteDirectory(tier, path, { both, options })
  })
}

interface Deletion {
  readonly both: BothSides
  readonly options: DeleteOptions
}

async function deleteFile(tier: Tier, path: Path, { both: { hot, cold }, options }: Deletion): Promise<void> {
  const { signal } = options
  const call = { op: 'delete', path }
  if (hot === undefined) {
    if (options.ifMatch !== undefined && fromTierEtag('cold', options.ifMatch) === undefined) refuse('precondition_failed', call)
    await tier.cold.delete(path, options)
    await prune(tier, path, signal)
    return
  }
  const ifMatch = hotCondition(tier, call, options.ifMatch)
  if (ifMatch !== undefined && ifMatch !== hot.etag) refuse('precondition_failed', call)
  await dropHidden(tier, { hot, cold, signal })
  try {
    await tier.hot.delete(path, { ...options, ifMatch })
  } catch (error) {
    const taken = isNexusError(error, 'not_found') ? await find(tier.cold, path, { fresh: true, signal }) : undefined
    if (taken?.kind !== 'file') throw error
    // A run in another process took it there meanwhile.
    return deleteFile(tier, path, { both: { hot: undefined, cold: taken }, options })
  }
  tier.capacity?.add(-(hot.sizeBytes ?? 0))
  await dropReturned(tier, hot, { signal, isCertain: ifMatch === undefined })
}

/**
 * A tier run in another process may have copied the file in the meantime: that copy must not bring it back.
 * @param isCertain Whether it goes in whatever state; else only when it looks like the file that went.
 */
export async function dropReturned(
  tier: Tier,
  gone: FileStat,
  { signal, isCertain }: { readonly signal: AbortSignal | undefined; readonly isCertain: boolean },
): Promise<void> {
  if (!isWithin(gone.path, tier.within)) return
  const copy = await find(tier.cold, gone.path, { signal, fresh: true })
  if (copy?.kind !== 'file') return
  const isAlike = copy.sizeBytes === gone.sizeBytes && (copy.digest === undefined || gone.digest === undefined || copy.digest === gone.digest)
  if (isCertain || isAlike) await withdraw(tier.cold, gone.path, { ifMatch: copy.etag, signal })
}

async function deleteDirectory(tier: Tier, path: Path, { both: { hot, cold }, options }: Deletion): Promise<void> {
  const { signal } = options
  if (options.recursive !== true) {
    if (cold !== undefined && (await holdsFile(tier, path, signal))) refuse('not_empty', { op: 'delete', path })
    // Asked before anything is deleted elsewhere: the first storage refuses when something is in it.
    if (hot !== undefined) await tier.hot.delete(path, options)
    if (cold !== undefined) await deleteCold(tier, path, signal)
    return
  }
  if (cold !== undefined) await deleteCold(tier, path, signal)
  if (hot !== undefined) await tier.hot.delete(path, { ...options, force: true })
}

async function holdsFile({ cold }: Tier, path: Path, signal: AbortSignal | undefined): Promise<boolean> {
  for await (const { kind } of cold.list(path, { recursive: true, signal })) if (kind === 'file') return true
  return false
}

/** The directory that the redirect leads to stays itself: it may be a mount point, and it is not the caller's. */
async function deleteCold({ cold, within }: Tier, path: Path, signal: AbortSignal | undefined): Promise<void> {
  const given = { recursive: true, force: true, signal }
  if (path !== within && !within.startsWith(path === '/' ? path : `${path}/`)) return cold.delete(path, given)
  const paths: Path[] = []
  for await (const entry of cold.list(within, { signal })) paths.push(entry.path)
  for (const child of paths) await cold.delete(child, given)
}

/** Where directories go with their last entry, those of the other storage do too. */
export async function prune(tier: Tier, path: Path, signal: AbortSignal | undefined): Promise<void> {
  if (hotCapabilities(tier, path).emptyDirectories || !tier.cold.capabilities().emptyDirectories) return
  for (let parent = parentPath(path); parent.length > tier.within.length; parent = parentPath(parent)) {
    try {
      await tier.cold.delete(parent, { signal })
    } catch (error) {
      if (isNexusError(error, 'not_empty') || isNexusError(error, 'not_found')) return
      throw error
    }
  }
}
