import { type CallOptions, isNexusError, NexusError } from '@nexus/core/contract'
import { readBody } from '../read-body.ts'
import { repeatedly } from './attempts.ts'
import { type BucketContext, createOnly } from './context.ts'
import { journalKey } from './journal-object.ts'
import { listJournal } from './list-journal.ts'
import { proveInEmpty } from './prove-create-only.ts'
import { repositoryAttribute } from './put-group.ts'

const descriptorKey = 'nexus.json'
const ignored = new Set(['.DS_Store'])

/** `nexus.json`, checked as far as storage understands it. @throws NexusError `corrupt`, `invalid_config` */
export async function readDescriptor(context: BucketContext, options: CallOptions = {}): Promise<Uint8Array | undefined> {
  let bytes = await fetchDescriptor(context, options)
  const hasJournal = (bytes === undefined || repositoryIn(bytes) === undefined) && (await firstNumber(context, options)) !== undefined
  // Somebody may have made the repository, and written to it, between the two looks.
  if (hasJournal) bytes = await fetchDescriptor(context, options)
  const id = bytes === undefined ? undefined : repositoryIn(bytes)
  if (bytes !== undefined && id !== undefined) {
    context.descriptor = { id, bytes }
    return bytes
  }
  const { name, scheme } = context.store
  if (hasJournal) {
    const problem = bytes === undefined ? 'missing' : 'damaged'
    throw new NexusError('corrupt', { op: 'open', path: name, backend: scheme, reason: `A journal stands here, but nexus.json is ${problem}; \`nexus-fs fsck --repair\` writes it again from the journal.` })
  }
  if (bytes === undefined) return undefined
  const reason = 'This nexus.json has no marker "nexus-repository": it is somebody else\'s file. Mount the bucket with layout=path, or choose another prefix.'
  throw new NexusError('invalid_config', { op: 'open', path: name, backend: scheme, reason })
}

/** The descriptor of a repository that is written to. @throws NexusError `not_found` where there is none yet */
export async function standingDescriptor(context: BucketContext, options: CallOptions): Promise<{ readonly key: string; readonly bytes: Uint8Array }> {
  const bytes = context.descriptor?.bytes ?? (await readDescriptor(context, options))
  if (bytes !== undefined) return { key: descriptorKey, bytes }
  throw new NexusError('not_found', { op: 'commit', path: context.store.name, reason: 'There is no repository here yet; its first write makes one.' })
}

/** Makes `nexus.json`, create-only, after a second look that nothing else stands there. @throws NexusError `already_exists`, `not_empty`, `read_only` */
export async function createDescriptor(context: BucketContext, bytes: Uint8Array, options: CallOptions = {}): Promise<void> {
  const id = checkedId(context, bytes)
  if ((await readDescriptor(context, options)) !== undefined) throw taken(context)
  await refuseOccupied(context, options)
  await proveInEmpty(context, options.signal)
  await putDescriptor(context, bytes, options)
  context.descriptor = { id, bytes }
}

/** Puts a descriptor in the place of one that is lost or damaged, or of another one of the same repository. */
export async function replaceDescriptor(context: BucketContext, bytes: Uint8Array, { signal }: CallOptions = {}): Promise<void> {
  const id = checkedId(context, bytes)
  const standing = await fetchDescriptor(context, { signal })
  const found = standing === undefined ? undefined : repositoryIn(standing)
  if (found !== undefined && found !== id) {
    throw new NexusError('already_exists', { op: 'repair', path: descriptorKey, reason: `The valid nexus.json of repository ${found} stands there; it is not replaced.` })
  }
  await repeatedly(context, signal, () => context.store.put(descriptorKey, bytes, { contentType: 'application/json', signal }))
  context.descriptor = { id, bytes }
}

/** The id that the objects of the journal carry as an attribute. */
export async function repositoryOfJournal(context: BucketContext, options: CallOptions = {}): Promise<string | undefined> {
  const first = await firstNumber(context, options)
  if (first === undefined) return undefined
  const info = await repeatedly(context, options.signal, () => context.store.head(journalKey(first), options))
  return info?.metadata?.[repositoryAttribute]
}

async function fetchDescriptor(context: BucketContext, options: CallOptions): Promise<Uint8Array | undefined> {
  return repeatedly(context, options.signal, async () => {
    const body = await context.store.get(descriptorKey, options)
    if (body === undefined) return undefined
    return readBody(body)
  })
}

/** A lost answer is found out by looking: the id is random, so that the same bytes are ours. */
async function putDescriptor(context: BucketContext, bytes: Uint8Array, { signal }: CallOptions): Promise<void> {
  const { store } = context
  try {
    const condition = createOnly(context)
    const info = await repeatedly(context, signal, () => store.put(descriptorKey, bytes, { condition, contentType: 'application/json', signal }))
    context.clock.note(info.modifiedAt)
  } catch (error) {
    if (!isNexusError(error, 'precondition_failed')) throw error
    const standing = await fetchDescriptor(context, { signal })
    if (standing === undefined || Buffer.compare(standing, bytes) !== 0) throw taken(context, error)
  }
}

async function refuseOccupied(context: BucketContext, { signal }: CallOptions): Promise<void> {
  const { store } = context
  for await (const { objects } of store.list({ prefix: '', signal })) {
    const other = objects.find(({ key, sizeBytes }) => !(key.endsWith('/') && sizeBytes === 0) && !ignored.has(key.slice(key.lastIndexOf('/') + 1)))
    if (other === undefined) continue
    if ((await readDescriptor(context, { signal })) !== undefined) throw taken(context)
    const reason = `A repository begins in an empty place, and "${other.key}" stands there. Choose another prefix, or mount this one with layout=path.`
    throw new NexusError('not_empty', { op: 'create', path: store.name, backend: store.scheme, reason })
  }
}

async function firstNumber(context: BucketContext, { signal }: CallOptions): Promise<number | undefined> {
  for await (const [group] of listJournal(context, { signal, pageSize: 1 })) return group?.first
  return undefined
}

function checkedId({ store }: BucketContext, bytes: Uint8Array): string {
  const id = repositoryIn(bytes)
  if (id !== undefined) return id
  throw new NexusError('invalid_argument', { op: 'create', path: store.name, reason: 'A descriptor needs the marker "nexus-repository" and a string "id".' })
}

/** The id in a descriptor of ours; `undefined` for anything else. */
function repositoryIn(bytes: Uint8Array): string | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes))
    if (typeof value !== 'object' || value === null || !('marker' in value) || value.marker !== 'nexus-repository') return undefined
    return 'id' in value && typeof value.id === 'string' ? value.id : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function taken({ store }: BucketContext, cause?: unknown): NexusError {
  return new NexusError('already_exists', { op: 'create', path: store.name, backend: store.scheme, cause, reason: 'Another writer made a repository here meanwhile; open it again.' })
}
