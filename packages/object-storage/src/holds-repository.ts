import type { CallOptions } from '@nexus/core/contract'
import type { ObjectInfo, ObjectStore } from './object-store.ts'
import { readBody } from './read-body.ts'

const maxDescriptorBytes = 65_536
/** First bytes of a local segment, and of a commit (docs/repository-format.md, sections 3 and 4). */
const journalMagics = ['NXSEG1\n\0', 'NXR1']
const journalKey = /^\d{20}$/
/** Beside the journal nothing is looked for: keys of ours would be among the first. */
const lookedAt = 10

/** Whether the `nexus.json` below a prefix has our marker; somebody else's has not, whatever is in it. One request. */
export async function holdsDescriptor(store: ObjectStore, prefix: string, options: CallOptions): Promise<boolean> {
  const body = await store.get(`${prefix}nexus.json`, { ...options, range: { offset: 0, length: maxDescriptorBytes } })
  return body !== undefined && hasMarker(new TextDecoder().decode(await readBody(body)))
}

/** What lies in `journal/` below a prefix: `ours`, `theirs` for what is only named alike, `undefined` for nothing of that name. One request, two where it looks like ours. */
export async function findJournal(store: ObjectStore, prefix: string, options: CallOptions): Promise<'ours' | 'theirs' | undefined> {
  const part = await findPart(store, `${prefix}journal/`, options)
  if (part === undefined) return undefined
  return (await beginsAsJournal(store, part.key, options)) ? 'ours' : 'theirs'
}

async function findPart(store: ObjectStore, prefix: string, options: CallOptions): Promise<ObjectInfo | undefined> {
  for await (const { objects } of store.list({ ...options, prefix, pageSize: lookedAt })) {
    return objects.find(({ key, sizeBytes }) => sizeBytes > 0 && journalKey.test(key.slice(prefix.length)))
  }
  return undefined
}

async function beginsAsJournal(store: ObjectStore, key: string, options: CallOptions): Promise<boolean> {
  const body = await store.get(key, { ...options, range: { offset: 0, length: 8 } })
  if (body === undefined) return false
  const beginning = new TextDecoder('latin1').decode(await readBody(body))
  return journalMagics.some((magic) => beginning.startsWith(magic))
}

function hasMarker(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && 'marker' in value && value.marker === 'nexus-repository'
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}
