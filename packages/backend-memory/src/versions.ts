import type { CallOptions, FileVersion, Path } from '@nexus/core/contract'
import { checkRunnable } from './run.ts'
import { memoryError, type MemoryState, toEtag, toVersion } from './state.ts'
import { findNode, statesAt } from './tree.ts'

/** Kept states of a name, newest first. @throws NexusError `not_found`, `is_directory` */
export async function* versions(state: MemoryState, path: Path, options: CallOptions = {}): AsyncGenerator<FileVersion> {
  const place = { op: 'versions', path }
  checkRunnable(state, place, options.signal)
  const node = await Promise.resolve(findNode(state.root, path))
  if (node?.kind === 'directory') throw memoryError('is_directory', place)
  const states = statesAt(state, path)
  if (states.length === 0) throw memoryError('not_found', place)
  for (const kept of states) {
    checkRunnable(state, place, options.signal)
    const { bytes, modifiedAt, contentType, metadata } = kept
    yield {
      path,
      version: toVersion(kept),
      etag: toEtag(kept),
      sizeBytes: bytes.length,
      modifiedAt: new Date(modifiedAt),
      contentType,
      metadata: { ...metadata },
      current: kept === node?.state,
    }
  }
}
