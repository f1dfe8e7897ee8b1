import { NexusError } from '@nexus/core/contract'
import type { ObjectInfo, ObjectPage, ObjectStore, ObjectVersion } from '../src/object-store.ts'

/** Breaks one promise of a store that keeps them all. */
export type Sabotage = (store: ObjectStore) => ObjectStore

const broken = (change: (store: ObjectStore) => Partial<ObjectStore>): Sabotage => (store) => ({ ...store, ...change(store) })

/** Keys that arrive as others. */
const renaming = (toOther: (key: string) => string): Sabotage => broken((store) => ({ put: (key, body, options) => store.put(toOther(key), body, options) }))

const withoutConditions = broken((store) => ({
  put: (key, body, options) => store.put(key, body, { ...options, condition: undefined }),
  putStream: (key, body, options) => store.putStream(key, body, { ...options, condition: undefined }),
  copy: (from, to, options) => store.copy(from, to, { ...options, condition: undefined }),
}))

const absentFails = broken((store) => ({
  head: async (key, options) => (await store.head(key, options)) ?? refuse('not_found'),
  copy: async (from, to, options) => (await store.copy(from, to, options)) ?? refuse('not_found'),
}))

const withoutStartAfter = broken((store) => ({ list: (options) => store.list({ ...options, startAfter: undefined }) }))

/** For each rule a store that keeps all others, more or less, and not this one. */
export const sabotages: Readonly<Record<string, Sabotage>> = {
  '`put` stores an object with content type and attributes, and gives what `head` gives next.': broken((store) => ({ put: (key, body, options) => store.put(key, body, { ...options, metadata: undefined }) })),
  '`put` replaces the whole of an object, attributes too, and changes its etag.': broken((store) => ({ put: async (key, body, options) => ({ ...(await store.put(key, body, options)), etag: 'the same' }) })),
  'The value of an attribute may be any text, the empty one too.': broken((store) => ({ put: (key, body, { metadata = {}, ...options } = {}) => store.put(key, body, { ...options, metadata: trimmed(metadata) }) })),
  'An object may be empty, and its key may end in `/`.': broken((store) => ({ put: async (key, body, options) => (body.length === 0 ? refuse('invalid_argument') : store.put(key, body, options)) })),
  '`put` does not keep the buffer, and stores the part that it was given.': broken((store) => ({ put: (key, body, options) => store.put(key, new Uint8Array(body.buffer), options) })),
  '`put` where the object must be absent creates it, and never replaces one.': withoutConditions,
  '`put` with `ifMatch` replaces the object that has this etag, and no other.': withoutConditions,
  'Of many writers of one absent object, exactly one writes.': withoutConditions,
  'Of many writers who hold the same etag, exactly one writes.': withoutConditions,
  '`putStream` takes chunks of any size, none at all too, and gives what `head` gives next.': broken((store) => ({ putStream: (key, body, options) => store.putStream(key, body, { ...options, metadata: undefined }) })),
  '`putStream` stores a long body in parts.': broken((store) => ({ putStream: async (key, body, options) => store.put(key, (await partOf(body)).bytes.subarray(0, 1_000_000), options) })),
  'A body that fails makes `putStream` fail with its error, and stores nothing.': broken((store) => ({ putStream: async (key, body, options) => store.put(key, (await partOf(body)).bytes, options) })),
  'Until its body has ended, `putStream` shows nothing, and its condition holds then.': broken((store) => ({ putStream: (key, body, options) => store.putStream(key, body, { ...options, condition: undefined }) })),
  '`putStream` with `ifMatch` replaces the object that has this etag, and no other, however long.': withoutConditions,
  'What is absent is `undefined` to `head` and `get`.': absentFails,
  '`get` gives the bytes, and what `head` gives.': broken((store) => ({ get: async (key, options) => getting(await store.get(key, options), (info) => ({ ...info, metadata: {} })) })),
  'A range is half open and clamped, also to nothing; the info is of the whole object.': broken((store) => ({ get: (key, options) => store.get(key, { ...options, range: undefined }) })),
  '`get` with `ifMatch` gives the object that has this etag, and else fails with `precondition_failed`.': broken((store) => ({ get: (key, options) => store.get(key, { ...options, ifMatch: undefined }) })),
  'A body that is cancelled in its middle is no failure.': broken((store) => ({ get: async (key, options) => withCancel(await store.get(key, options)) })),
  'The signal given to `get` holds for its body.': broken((store) => ({ get: (key, options) => store.get(key, { ...options, signal: undefined }) })),
  'A call whose signal is aborted already rejects with its reason and changes nothing.': broken((store) => ({ delete: (keys) => store.delete(keys) })),
  'An abort while a body is awaited rejects `putStream` with its reason, cancels the body and stores nothing.': broken((store) => ({ putStream: (key, body, options) => store.putStream(key, body, options).catch(() => refuse('unavailable')) })),
  'An abort in the middle of a listing rejects its next page with its reason.': broken((store) => ({ list: (options) => store.list({ ...options, signal: undefined }) })),
  'After `close` calls fail with `unavailable`, and `close` twice is once.': broken(() => ({ close: () => Promise.resolve() })),
  '`list` gives the keys that begin with the prefix, in the order of their bytes.': broken((store) => ({ list: (options) => store.list({ ...options, prefix: '' }) })),
  'With a delimiter, keys that go on behind it are told as one common prefix, which ends in it.': broken((store) => ({ list: (options) => store.list({ ...options, delimiter: undefined }) })),
  '`startAfter` gives only keys behind it, whether it is a key or not.': withoutStartAfter,
  'With a delimiter, `startAfter` gives only keys and common prefixes behind it, also in the middle of one.': withoutStartAfter,
  'A listing is complete and in order, however small its pages are, and no page is larger than asked.': broken((store) => ({ list: (options) => firstPage(store.list(options)) })),
  'A listing tells of an object what `head` tells, or leaves it out.': broken((store) => ({ list: (options) => told(store.list(options), (info) => ({ ...info, metadata: {} })) })),
  'A listing that is left ends, and each iteration begins from the beginning.': broken((store) => ({ list: once(store) })),
  'What was written or deleted shows in the next listing.': broken(() => ({ delete: () => Promise.resolve() })),
  'A key may hold any character.': renaming((key) => key.replaceAll('+', ' ')),
  'A key is taken as it is: empty segments, a leading slash, decomposed letters.': renaming((key) => key.normalize('NFC')),
  'A key may hold segments of dots.': renaming((key) => new URL(`http://host/${key}`).pathname.slice(1)),
  'A key may hold 900 bytes, and 600 in a segment.': renaming((key) => (Buffer.byteLength(key) > 500 ? refuse('invalid_argument') : key)),
  '`copy` copies an object with its attributes, leaves the source, and gives what `head` gives next.': broken((store) => ({ copy: (from, to, options) => store.copy(from, to, { ...options, metadata: {} }) })),
  '`copy` of what is absent is `undefined` and changes nothing.': absentFails,
  '`copy` gives the copy other attributes when they are given, also onto itself.': broken((store) => ({ copy: (from, to, options) => store.copy(from, to, { ...options, metadata: undefined }) })),
  '`copy` with `ifSourceMatch` copies the object that has this etag, and else fails with `precondition_failed`.': broken((store) => ({ copy: (from, to, options) => store.copy(from, to, { ...options, ifSourceMatch: undefined }) })),
  '`copy` to where an object must be absent never replaces one.': withoutConditions,
  '`copy` onto what has an etag replaces that state, and no other.': withoutConditions,
  '`copy` of a long object copies the whole of it.': broken((store) => ({ copy: (from, to) => copyBeginning(store, from, to) })),
  '`copyFrom`, where there is one, copies what `storedAt` names, with its attributes.': broken((store) => ({ storedAt: (key) => ({ ...(store.storedAt?.(key) ?? refuse('unavailable')), key: 'another' }) })),
  '`copyFrom` keeps conditions on both ends, and what is absent is `not_found`.': broken((store) => ({ copyFrom: (source, to, options) => store.copyFrom?.(source, to, { ...options, condition: undefined }) ?? refuse('unavailable') })),
  '`copyFrom` of another service is `undefined`, and nothing happens.': broken((store) => ({ copyFrom: (source, to) => store.copy(source.key, to) })),
  '`delete` removes the objects, and what is absent is success.': broken((store) => ({ delete: async (keys) => ((await store.head(keys[0] ?? '-')) === undefined ? refuse('not_found') : store.delete(keys)) })),
  '`delete` takes more keys than a service does at once.': broken((store) => ({ delete: (keys, options) => store.delete(keys.slice(0, 1000), options) })),
  '`deleteMatching`, where there is one, deletes the object that has this etag, and else fails with `precondition_failed`.': broken((store) => ({ deleteMatching: (key, _etag, options) => store.delete([key], options) })),
  '`versions` gives the kept states, newest first, each readable by its version.': broken((store) => ({ versions: (key) => reversed(store, key) })),
  'Versions outlive the object, none of them current; an unknown version is absent.': broken((store) => ({ head: (key, options) => store.head(key, { ...options, version: undefined }) })),
  '`presign`, where there is one, gives a URL.': broken(() => ({ presign: () => Promise.reject(new TypeError('Invalid URL')) })),
  '`lifecycle`, where there is one, gives rules.': broken(() => ({ lifecycle: () => refuse('permission_denied') })),
}

function refuse(code: 'not_found' | 'invalid_argument' | 'unavailable' | 'permission_denied'): never {
  throw new NexusError(code)
}

function trimmed(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, value.trim()]))
}

/** What came of a body, also when it failed. */
async function partOf(body: ReadableStream<Uint8Array>): Promise<{ readonly bytes: Uint8Array; readonly error?: unknown }> {
  const chunks: Uint8Array[] = []
  try {
    for await (const chunk of body) chunks.push(chunk)
    return { bytes: Buffer.concat(chunks) }
  } catch (error) {
    return { bytes: Buffer.concat(chunks), error }
  }
}

function getting<T extends { readonly info: ObjectInfo }>(body: T | undefined, change: (info: ObjectInfo) => ObjectInfo): T | undefined {
  return body && { ...body, info: change(body.info) }
}

function withCancel<T extends { readonly stream: ReadableStream<Uint8Array> }>(body: T | undefined): T | undefined {
  return body && { ...body, stream: body.stream.pipeThrough(new TransformStream<Uint8Array, Uint8Array>({ cancel: () => refuse('unavailable') })) }
}

async function* firstPage(pages: AsyncIterable<ObjectPage>): AsyncGenerator<ObjectPage> {
  for await (const page of pages) {
    yield page
    return
  }
}

async function* told(pages: AsyncIterable<ObjectPage>, change: (info: ObjectInfo) => ObjectInfo): AsyncGenerator<ObjectPage> {
  for await (const { objects, prefixes } of pages) yield { objects: objects.map(change), prefixes }
}

/** The first listing is all that there ever is. */
function once(store: ObjectStore): ObjectStore['list'] {
  let first: AsyncIterable<ObjectPage> | undefined
  return (options) => (first ??= store.list(options))
}

async function* reversed(store: ObjectStore, key: string): AsyncGenerator<ObjectVersion> {
  const kept = await Array.fromAsync(store.versions?.(key) ?? [])
  yield* kept.reverse()
}

async function copyBeginning(store: ObjectStore, from: string, to: string): Promise<ObjectInfo | undefined> {
  const body = await store.get(from, { range: { offset: 0, length: 1000 } })
  return body && store.put(to, (await partOf(body.stream)).bytes, { metadata: body.info.metadata })
}
