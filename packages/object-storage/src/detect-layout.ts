import { type CallOptions, NexusError } from '@nexus/core/contract'
import { findJournal, holdsDescriptor } from './holds-repository.ts'
import type { ObjectInfo, ObjectStore } from './object-store.ts'
import { refuseInsideRepository } from './refuse-place.ts'

/**
 * What a store holds: `cas` for a repository of ours, `empty` for nothing but directory markers and what operating systems leave behind, `path` for the
 * rest. One request in a repository, three elsewhere, one more where somebody's `journal/` looks like ours; with a prefix, meanwhile two for each part of it.
 * @throws NexusError `corrupt` for a journal of ours without a valid `nexus.json`, `invalid_config` for a prefix inside a repository
 */
export async function detectLayout(store: ObjectStore, options: CallOptions = {}): Promise<'cas' | 'path' | 'empty'> {
  const [layout] = await Promise.all([detect(store, options), refuseInsideRepository(store, options)])
  return layout
}

async function detect(store: ObjectStore, options: CallOptions): Promise<'cas' | 'path' | 'empty'> {
  if (await holdsDescriptor(store, '', options)) return 'cas'
  const journal = await findJournal(store, '', options)
  if (journal === 'ours') {
    // Somebody may have made the repository, and written to it, between the two looks.
    if (await holdsDescriptor(store, '', options)) return 'cas'
    const reason = 'A journal of Nexus stands here without a valid nexus.json; `nexus-fs fsck --repair` writes it again from the journal.'
    throw new NexusError('corrupt', { op: 'mount', path: store.name, backend: store.scheme, reason })
  }
  return journal === undefined && !(await holdsContent(store, options)) ? 'empty' : 'path'
}

/** Somebody's thousands of markers are paged through. */
async function holdsContent(store: ObjectStore, options: CallOptions): Promise<boolean> {
  for await (const { objects } of store.list({ ...options, prefix: '' })) if (objects.some(isContent)) return true
  return false
}

function isContent({ key, sizeBytes }: ObjectInfo): boolean {
  return !(key.endsWith('/') && sizeBytes === 0) && key.slice(key.lastIndexOf('/') + 1) !== '.DS_Store'
}
