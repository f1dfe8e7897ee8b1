import { type CallOptions, type FileStat, isNexusError, type MoveOptions, NexusError, type Path } from '@nexus/core/contract'
import type { ObjectInfo } from '../object-store.ts'
import { afterChange } from './after-change.ts'
import { checkVariants } from './capabilities.ts'
import { checkSource, copyFile } from './copy.ts'
import type { TreeContext } from './context.ts'
import { keepDirectory, removeFile } from './delete.ts'
import { toPrefix } from './keys.ts'
import { above } from './known-directories.ts'
import { findFile, isDirectory } from './look-up.ts'
import { renameDirectory } from './rename-directory.ts'
import { directoryStat, toFileStat } from './stat.ts'

/** Copies inside the service, and deletes the source last. */
export async function rename(context: TreeContext, from: Path, { to, ...options }: MoveOptions & { readonly to: Path }): Promise<FileStat> {
  checkVariants(context.capabilities, options)
  const source = from === '/' ? undefined : await findFile(context.store, from, options)
  if (source === undefined) return renameOther(context, from, { to, ...options })
  checkSource(source, options)
  if (to === from) return toFileStat(from, source)
  const moved = await copyFile(context, source, { ...options, to })
  try {
    await removeUnchanged(context, source, options)
    await keepDirectory(context, above(toPrefix(from)), options)
    return moved
  } catch (error) {
    throw afterChange(error, `It is copied to ${to}; whether it still stands under its old name too is not settled`, options)
  }
}

async function renameOther(context: TreeContext, from: Path, options: MoveOptions & { readonly to: Path }): Promise<FileStat> {
  if (!(await isDirectory(context.store, from, options))) throw new NexusError('not_found')
  if (options.ifMatch !== undefined) throw new NexusError('precondition_failed', { reason: 'A directory has no etag that ifMatch could ask for.' })
  return options.to === from ? directoryStat(from) : renameDirectory(context, from, options)
}

/**
 * Deletes a source that has not changed since it was copied: under a condition where the service has one, else after a look.
 * @throws NexusError `precondition_failed` when it has changed: both stand then, and nothing is lost
 */
export async function removeUnchanged(context: TreeContext, { key, etag }: ObjectInfo, { signal }: CallOptions): Promise<void> {
  const { store, capabilities } = context
  const reason = 'It changed while it was copied. The copy stands beside it; look at both, and delete one.'
  if (capabilities.ifMatch !== false) {
    try {
      await removeFile(context, { key, etag }, { ifMatch: etag, signal })
    } catch (error) {
      if (!isNexusError(error, 'precondition_failed')) throw error
      throw new NexusError('precondition_failed', { cause: error, reason })
    }
    return
  }
  const now = await store.head(key, { signal })
  if (now !== undefined && now.etag !== etag) throw new NexusError('precondition_failed', { reason })
  await store.delete([key], { signal })
}
