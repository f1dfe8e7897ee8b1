import { type AppendOptions, type FileStat, isNexusError, type Metadata, type MetadataPatch, NexusError, type Path } from '@nexus/core/contract'
import type { ObjectInfo } from '../object-store.ts'
import { checkVariants } from './capabilities.ts'
import type { TreeContext } from './context.ts'
import { toKey } from './keys.ts'
import { findFile, refuseAbsentFile } from './look-up.ts'
import { toFileStat } from './stat.ts'

/** Others may change the file between the look and the copy; after so many times it is given up. */
const maxAttempts = 4

/**
 * Merges the patch into a file's attributes: the service copies the object onto itself, in the state that was looked at. One after the other in this
 * process, because an etag may be made of the content alone (S3) and stay what it is.
 */
export async function setMetadata(context: TreeContext, path: Path, patch: MetadataPatch, options: AppendOptions): Promise<FileStat> {
  checkVariants(context.capabilities, options)
  return context.inTurn(toKey(path), () => mergeInto(context, path, patch, options))
}

async function mergeInto(context: TreeContext, path: Path, patch: MetadataPatch, options: AppendOptions): Promise<FileStat> {
  for (let attempt = 1; ; attempt++) {
    const source = await findFile(context.store, path, options)
    if (source === undefined) return refuseAbsentFile(context.store, path, options)
    if (options.ifMatch !== undefined && options.ifMatch !== source.etag) throw new NexusError('precondition_failed')
    try {
      return await replace(context, path, { source, metadata: merge(source.metadata, patch), signal: options.signal })
    } catch (error) {
      if (options.ifMatch !== undefined || !isNexusError(error, 'precondition_failed')) throw error
      if (attempt === maxAttempts) throw new NexusError('busy', { cause: error, reason: 'Others changed the file each time in between; repeat it later.' })
    }
  }
}

interface Replacement {
  readonly source: ObjectInfo
  readonly metadata: Metadata
  readonly signal: AbortSignal | undefined
}

async function replace({ store }: TreeContext, path: Path, { source, metadata, signal }: Replacement): Promise<FileStat> {
  const { key, etag, contentType } = source
  const condition = store.conditions.match ? { ifMatch: etag } : undefined
  const info = await store.copy(key, key, { metadata, contentType, ifSourceMatch: etag, condition, signal })
  if (info === undefined) throw new NexusError('not_found', { reason: 'It was deleted meanwhile.' })
  return toFileStat(path, info)
}

function merge(metadata: Metadata | undefined, patch: MetadataPatch): Metadata {
  return Object.fromEntries(Object.entries({ ...metadata, ...patch }).filter((pair): pair is [string, string] => pair[1] !== null))
}
