import { closeSync, constants, fchmodSync } from 'node:fs'
import { type AppendOptions, type FileStat, type Metadata, type MetadataPatch, NexusError, type Path } from '@nexus/core/contract'
import type { PathContext } from './context.ts'
import { lookAt, requireMatch, statOf, toFileStat } from './file-stat.ts'
import { locate, type Place } from './locate.ts'
import { openRegular } from './read.ts'
import { syncFile } from './sync-disk.ts'
import { toWantedAttributes } from './wanted-attributes.ts'

/** So often a change starts again because somebody else changed the same attributes. */
const maxAttempts = 100

/** Merges into the metadata of a file; `null` removes a name. `mode` sets the permission bits, `mode: null` takes the executable ones away. */
export async function setMetadata(context: PathContext, path: Path, patch: MetadataPatch, options: AppendOptions = {}): Promise<FileStat> {
  if (path === '/') throw new NexusError('is_directory')
  const place = locate(context, path)
  try {
    await context.attributes.mark()
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      if (await tryMerge(context, place, { ...options, path, patch })) return statOf(context, path, place.file) ?? gone()
    }
    throw new NexusError('busy', { reason: 'Others keep changing the metadata of this file; try again.' })
  } finally {
    place.directory.close()
  }
}

interface Change extends AppendOptions {
  readonly path: Path
  readonly patch: MetadataPatch
}

/** `false` when the attributes are others than those that were merged into. */
async function tryMerge(context: PathContext, place: Place, { path, patch, ifMatch, signal }: Change): Promise<boolean> {
  const { descriptor, stats } = openRegular(place, constants.O_RDONLY)
  try {
    const before = context.attributes.find(stats)
    const merged = mergeMetadata(toFileStat(path, stats, before).metadata, patch)
    const { mode, attributes } = toWantedAttributes(context.random, { contentType: before?.contentType, metadata: merged })
    requireMatch(context, place.file, ifMatch)
    const prepared = attributes === undefined ? undefined : await context.attributes.prepare(stats, attributes)
    const apply = (): boolean => {
      signal?.throwIfAborted()
      requireMatch(context, place.file, ifMatch)
      if (lookAt(place.file)?.ino !== stats.ino || context.attributes.find(stats)?.revision !== before?.revision) return false
      if (prepared === undefined) context.attributes.remove(stats)
      else prepared.publish()
      if (Object.hasOwn(patch, 'mode')) fchmodSync(descriptor, mode ?? Number(stats.mode) & 0o666)
      return true
    }
    const applied = await context.order.turn({ conditional: true, signal }, apply).finally(prepared?.finish)
    if (context.config.durability === 'fsync') await syncFile(descriptor)
    if (applied && prepared === undefined) await context.attributes.sync()
    return applied
  } finally {
    closeSync(descriptor)
  }
}

function mergeMetadata(before: Metadata, patch: MetadataPatch): Metadata {
  const merged = new Map(Object.entries(before))
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name)
    else merged.set(name, value)
  }
  return Object.fromEntries(merged)
}

function gone(): never {
  throw new NexusError('not_found', { reason: 'The file was removed right after its metadata was changed.' })
}
