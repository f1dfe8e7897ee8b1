import type { CallOptions } from '@nexus/core/contract'
import type { ListPagesOptions, ObjectPage, ObjectVersion } from '@nexus/object-storage'
import type { GcsContext, Place } from './context.ts'
import { failure, isBucketAbsent } from './errors.ts'
import { bucketPath, checkKey } from './keys.ts'
import { objectFields, type ObjectResource, toResource } from './object-info.ts'
import { member } from './read-refusal.ts'
import { sendForJson } from './send.ts'

/** A page as the service gives it, checked. */
interface RawPage {
  readonly resources: readonly ObjectResource[]
  readonly prefixes: readonly string[]
  readonly nextToken: string | undefined
}

/** `objects.list` (https://cloud.google.com/storage/docs/json_api/v1/objects/list), with full stats. @throws NexusError `not_found` for a bucket that is missing */
export async function* list(context: GcsContext, options: ListPagesOptions): AsyncGenerator<ObjectPage> {
  const { prefix, delimiter, startAfter = '', pageSize, signal } = options
  const place = { op: 'list', key: prefix }
  const query = { prefix: optional(prefix), delimiter, startOffset: optional(startOffset(startAfter, options)), maxResults: pageSize === undefined ? undefined : String(pageSize) }
  for await (const { resources, prefixes } of pages(context, { place, query, signal })) {
    yield {
      objects: resources.filter(({ info }) => compareBytes(info.key, startAfter) > 0).map(({ info }) => info),
      prefixes: prefixes.filter((name) => compareBytes(name, startAfter) > 0),
    }
  }
}

/** The service begins at a name inclusively. Behind a whole directory comes what begins with the byte after `/`: its contents need not be passed. */
function startOffset(startAfter: string, { prefix, delimiter }: ListPagesOptions): string {
  const isDirectory = delimiter !== undefined && startAfter.length > prefix.length && startAfter.endsWith('/')
  return isDirectory ? `${startAfter.slice(0, -1)}0` : startAfter
}

function optional(text: string): string | undefined {
  return text === '' ? undefined : text
}

/** All generations of one name, newest first. */
export async function* versions(context: GcsContext, key: string, { signal }: CallOptions = {}): AsyncGenerator<ObjectVersion> {
  const place = { op: 'versions', key }
  checkKey(place)
  const found: ObjectVersion[] = []
  for await (const { resources } of pages(context, { place, query: { prefix: key, versions: 'true' }, signal })) {
    const own = resources.filter(({ info }) => info.key === key)
    found.push(...own.map(({ info, generation, isCurrent }) => ({ ...info, version: generation, isCurrent })))
    // The name itself comes before all longer ones.
    if (own.length < resources.length) break
  }
  yield* found.reverse()
}

interface Listing {
  readonly place: Place
  readonly query: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal | undefined
}

/** Page after page; a service that does not come forward is found out. */
async function* pages(context: GcsContext, listing: Listing): AsyncGenerator<RawPage> {
  let pageToken: string | undefined
  let last: string | undefined
  const emptyTokens = new Set<string>()
  do {
    const page = await readPage(context, listing, pageToken)
    const ends = endsOf(page)
    if (last !== undefined && ends !== undefined && compareBytes(ends.first, last) <= (listing.query['versions'] === 'true' ? -1 : 0)) throw repeats(listing)
    if (ends === undefined && page.nextToken !== undefined) {
      if (emptyTokens.has(page.nextToken)) throw repeats(listing)
      emptyTokens.add(page.nextToken)
    }
    yield page
    last = ends?.last ?? last
    pageToken = page.nextToken
  } while (pageToken !== undefined)
}

function repeats({ place }: Listing): Error {
  return failure('unexpected', place, 'The service repeats a page of the listing instead of going on. Nothing of it can be trusted; try again later.')
}

async function readPage(context: GcsContext, { place, query, signal }: Listing, pageToken: string | undefined): Promise<RawPage> {
  const fields = `prefixes,nextPageToken,items(${objectFields},timeDeleted)`
  const value = await sendForJson(context, { method: 'GET', path: `${bucketPath(context.config)}/o`, query: { ...query, pageToken, fields }, place, effect: 'none', kind: 'list', as: 'step', signal, isAbsent: isBucketAbsent })
  if (value === undefined) throw failure('not_found', place, `The bucket ${context.config.bucket} does not exist. Create it, or check its name.`)
  const token = member(value, 'nextPageToken')
  const items = listOf(value, 'items', place)
  return {
    resources: items.map((item) => toResource(context, item, { place, code: 'unavailable' })),
    prefixes: listOf(value, 'prefixes', place).filter((name) => typeof name === 'string'),
    nextToken: typeof token === 'string' && token !== '' ? token : undefined,
  }
}

function listOf(value: unknown, name: string, place: Place): readonly unknown[] {
  const found = member(value, name) ?? []
  if (!Array.isArray(found)) throw failure('unavailable', place, `The service answered with something that is no listing: "${name}" is no list.`)
  return found
}

/** The smallest and the largest name of a page. */
function endsOf({ resources, prefixes }: RawPage): { readonly first: string; readonly last: string } | undefined {
  const firsts = [resources[0]?.info.key, prefixes[0]].filter((name) => name !== undefined).sort(compareBytes)
  const lasts = [resources.at(-1)?.info.key, prefixes.at(-1)].filter((name) => name !== undefined).sort(compareBytes)
  const [first] = firsts
  const last = lasts.at(-1)
  return first === undefined || last === undefined ? undefined : { first, last }
}

/** UTF-8 bytes, and not UTF-16 units, order names. */
function compareBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right))
}
