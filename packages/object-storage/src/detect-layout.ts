import { type CallOptions, NexusError } from '@nexus/core/contract'
import type { ObjectInfo, ObjectStore } from './object-store.ts'
import { readBody } from './read-body.ts'

const maxDescriptorBytes = 65_536
/** First bytes of a local segment, and of a commit (docs/repository-format.md, sections 3 and 4). */
const journalMagics = ['NXSEG1\n\0', 'NXR1']
const journalKey = /^journal\/\d{20}$/

/**
 * What a store holds: `cas` for a repository of ours, `empty` for nothing but directory markers and what operating systems leave behind, `path` for the
 * rest. One request in a repository, three elsewhere, one more where somebody's `journal/` looks like ours.
 * @throws NexusError `corrupt` for a journal of ours without a valid `nexus.json`
 */
export async function detectLayout(store: ObjectStore, options: CallOptions = {}): Promise<'cas' | 'path' | 'empty'> {
  if (await holdsDescriptor(store, options)) return 'cas'
  const part = await findObject(store, { ...options, prefix: 'journal/', pageSize: 10 }, ({ key, sizeBytes }) => sizeBytes > 0 && journalKey.test(key))
  if (part !== undefined && (await beginsAsJournal(store, part.key, options))) {
    // Somebody may have made the repository, and written to it, between the two looks.
    if (await holdsDescriptor(store, options)) return 'cas'
    const reason = 'A journal of Nexus stands here without a valid nexus.json; `nexus-fs fsck --repair` writes it again from the journal.'
    throw new NexusError('corrupt', { op: 'mount', path: store.name, backend: store.scheme, reason })
  }
  return part === undefined && (await findObject(store, { ...options, prefix: '' }, isContent)) === undefined ? 'empty' : 'path'
}

async function holdsDescriptor(store: ObjectStore, options: CallOptions): Promise<boolean> {
  const body = await store.get('nexus.json', { ...options, range: { offset: 0, length: maxDescriptorBytes } })
  return body !== undefined && isDescriptor(new TextDecoder().decode(await readBody(body)))
}

function isDescriptor(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && 'marker' in value && value.marker === 'nexus-repository'
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}

async function beginsAsJournal(store: ObjectStore, key: string, options: CallOptions): Promise<boolean> {
  const body = await store.get(key, { ...options, range: { offset: 0, length: 8 } })
  if (body === undefined) return false
  const beginning = new TextDecoder('latin1').decode(await readBody(body))
  return journalMagics.some((magic) => beginning.startsWith(magic))
}

interface Search extends CallOptions {
  readonly prefix: string
  readonly pageSize?: number
}

/** The first object that counts. Somebody's thousands of markers are paged through. */
async function findObject(store: ObjectStore, search: Search, counts: (info: ObjectInfo) => boolean): Promise<ObjectInfo | undefined> {
  for await (const { objects } of store.list(search)) {
    const found = objects.find(counts)
    if (found !== undefined) return found
    // Beside the journal nothing is looked for: keys of ours would be among the first.
    if (search.pageSize !== undefined) return undefined
  }
  return undefined
}

function isContent({ key, sizeBytes }: ObjectInfo): boolean {
  return !(key.endsWith('/') && sizeBytes === 0) && key.slice(key.lastIndexOf('/') + 1) !== '.DS_Store'
}
