import { type CallOptions, isNexusError, NexusError } from '@nexus/core/contract'
import { findJournal, holdsDescriptor } from './holds-repository.ts'
import type { ObjectStore } from './object-store.ts'

/** A place in a bucket at which a repository could be. */
interface Place {
  readonly store: ObjectStore
  readonly prefix: string
}

/**
 * Refuses a prefix inside a repository, whose objects are not what they seem. Asks at every `/` of the prefix, all at the same time: two requests each, none
 * without a prefix. Where one may not look there is nothing of ours.
 * @throws NexusError `invalid_config` with the reason
 */
export async function refuseInsideRepository(store: ObjectStore, options: CallOptions = {}): Promise<void> {
  const places = placesAbove(store)
  const found = await Promise.all(places.map((place) => isRepository(place, options)))
  // The nearest one is the one to mount.
  const nearest = places.findLast((_, index) => found[index])
  if (nearest !== undefined) refuse(store, `It lies in the Nexus repository "${nameOf(nearest)}"; mount that one instead.`)
}

/** Refuses a place whose files nobody may see as they are: a repository, and what is inside one. One request more. @throws NexusError `invalid_config` with the reason */
export async function refuseAsTree(store: ObjectStore, options: CallOptions = {}): Promise<void> {
  const [isOne] = await Promise.all([unlessDenied(() => holdsDescriptor(store, '', options)), refuseInsideRepository(store, options)])
  if (isOne) refuse(store, 'It is a Nexus repository; mount it with layout=cas, or without a layout.')
}

/** From the bucket's root down. */
function placesAbove({ within }: ObjectStore): Place[] {
  if (within === undefined) return []
  const { store, prefix } = within
  const ends = [...prefix.matchAll(/\//g)].map(({ index }) => index + 1).slice(0, -1)
  return [...placesAbove(store), ...[0, ...ends].map((end) => ({ store, prefix: prefix.slice(0, end) }))]
}

async function isRepository({ store, prefix }: Place, options: CallOptions): Promise<boolean> {
  const [descriptor, journal] = await Promise.all([
    unlessDenied(() => holdsDescriptor(store, prefix, options)),
    unlessDenied(async () => (await findJournal(store, prefix, options)) === 'ours'),
  ])
  return descriptor || journal
}

/** What is above a mount may be closed to us, and is then none of our business. */
async function unlessDenied(look: () => Promise<boolean>): Promise<boolean> {
  try {
    return await look()
  } catch (error) {
    if (isNexusError(error, 'permission_denied')) return false
    throw error
  }
}

function nameOf({ store, prefix }: Place): string {
  return prefix === '' ? store.name : `${store.name}/${prefix.slice(0, -1)}`
}

function refuse({ name, scheme }: ObjectStore, reason: string): never {
  throw new NexusError('invalid_config', { op: 'mount', path: name, backend: scheme, reason })
}
