import { type CallOptions, isNexusError, type StoredFile } from '@nexus/core/contract'
import { collectStream, streamBytes } from './memory-body.ts'
import { cutRange, type MemoryObject, type MemoryObjects, toInfo } from './memory-objects.ts'
import { type Cut, type CutPage, cutPage } from './memory-pages.ts'
import { checkKey, failure, type MemoryContext, request, type RequestPlace } from './memory-request.ts'
import type { GetOptions, ListPagesOptions, ObjectBody, ObjectInfo, ObjectPage, ObjectVersion, PutOptions } from './object-store.ts'

/** @throws NexusError `precondition_failed`, `invalid_argument` */
export function get(context: MemoryContext, place: RequestPlace, options: GetOptions = {}): ObjectBody | undefined {
  const object = context.objects.find(place.path, options.version)
  if (object === undefined) return undefined
  if (options.ifMatch !== undefined && options.ifMatch !== object.info.etag) throw failure(context, 'precondition_failed', place)
  return { info: toInfo(object.info), stream: streamBytes(cutRange(object.bytes, options.range, place), options) }
}

/** @throws NexusError `precondition_failed`, `unsupported`, `invalid_argument` */
export function put(context: MemoryContext, place: RequestPlace, bytes: Uint8Array, options: PutOptions = {}): ObjectInfo {
  if (bytes.length > context.maxSizeBytes) {
    throw failure(context, 'invalid_argument', place, `An object has at most ${context.maxSizeBytes} bytes; this one has ${bytes.length}.`)
  }
  checkCondition(context, place, options)
  return toInfo(context.objects.store(place.path, bytes, options).info)
}

/** A body of unknown length; nothing is stored before its end. */
export async function putStream(context: MemoryContext, place: RequestPlace, body: ReadableStream<Uint8Array>, options: PutOptions = {}): Promise<ObjectInfo> {
  if (options.signal?.aborted === true) await body.cancel(options.signal.reason)
  options.signal?.throwIfAborted()
  // Before the body is taken, as a service that lacks the condition would be told before.
  checkDeclared(context, place, options)
  const bytes = await collectStream(body, options)
  return request(context, place, options, () => put(context, place, bytes, options))
}

type CopyOptions = PutOptions & { readonly ifSourceMatch?: string | undefined }

/** From another bucket of the service. @returns `undefined` for another service, and where `before` forbids the request */
export async function copyFrom(context: MemoryContext, place: RequestPlace, source: StoredFile, options: CopyOptions = {}): Promise<ObjectInfo | undefined> {
  const { service } = context
  const objects = source.service === service.name ? service.buckets.get(source.container) : undefined
  if (objects === undefined) return undefined
  try {
    const copied = await request(context, place, options, () => copy(context, place, { from: source.key, objects }, options))
    if (copied === undefined) throw failure(context, 'not_found', { ...place, path: source.key })
    return copied
  } catch (error) {
    if (isNexusError(error, 'permission_denied') || isNexusError(error, 'unsupported')) return undefined
    throw error
  }
}

/** @throws NexusError `precondition_failed`, `unsupported` */
export function copy(context: MemoryContext, place: RequestPlace, { from, objects = context.objects }: { readonly from: string; readonly objects?: MemoryObjects }, options: CopyOptions = {}): ObjectInfo | undefined {
  const source = objects.find(from)
  if (source === undefined) return undefined
  if (options.ifSourceMatch !== undefined && options.ifSourceMatch !== source.info.etag) throw failure(context, 'precondition_failed', place, `The source ${from} is in another state.`)
  const { contentType = source.info.contentType, metadata = source.info.metadata } = options
  return put(context, place, source.bytes, { ...options, contentType, metadata })
}

function checkDeclared({ conditions, ...context }: MemoryContext, place: RequestPlace, { condition }: PutOptions): void {
  if (condition === undefined || (condition === 'absent' ? conditions.absent : conditions.match)) return
  throw failure(context, 'unsupported', place, 'The service has no such condition on writes.')
}

function checkCondition(context: MemoryContext, place: RequestPlace, options: PutOptions): void {
  checkDeclared(context, place, options)
  const { condition } = options
  const etag = context.objects.find(place.path)?.info.etag
  const isMet = condition === undefined || (condition === 'absent' ? etag === undefined : etag === condition.ifMatch)
  if (!isMet) throw failure(context, 'precondition_failed', place)
}

/** As S3 takes them: 1,000 a request. */
export async function deleteKeys(context: MemoryContext, keys: readonly string[], options?: CallOptions): Promise<void> {
  options?.signal?.throwIfAborted()
  for (let start = 0; start < keys.length; start += 1000) {
    const batch = keys.slice(start, start + 1000)
    for (const path of batch) checkKey(context, { op: 'delete', path })
    await request(context, { op: 'delete', path: batch[0] ?? '' }, options, () => batch.forEach(context.objects.remove))
  }
}

/** @throws NexusError `precondition_failed` */
export function deleteMatching(context: MemoryContext, { key, etag }: { readonly key: string; readonly etag: string }, options?: CallOptions): Promise<void> {
  return request(context, { op: 'deleteMatching', path: key }, options, (place) => {
    if (context.objects.find(key)?.info.etag !== etag) throw failure(context, 'precondition_failed', place)
    context.objects.remove(key)
  })
}

/** Page after page, each of what is kept when it is asked for. */
export async function* list(context: MemoryContext, options: ListPagesOptions): AsyncGenerator<ObjectPage> {
  const pageSize = Math.min(options.pageSize ?? context.pageSize, context.pageSize)
  const { prefix, delimiter } = options
  let after: string | undefined = options.startAfter ?? ''
  while (after !== undefined) {
    const cut: Cut = { prefix, delimiter, after, pageSize, isFull: context.options.listsFully === true }
    const cutOff: CutPage = await request(context, { op: 'list', path: prefix }, options, () => cutPage(context.objects, cut))
    yield cutOff.page
    after = cutOff.next
  }
}

/** Newest first. */
export async function* versions(context: MemoryContext, key: string, options?: CallOptions): AsyncGenerator<ObjectVersion> {
  yield* await request(context, { op: 'versions', path: key }, options, () => context.objects.states(key))
}

/** What a caller may know, as a copy. */
export function told(object: MemoryObject | undefined): ObjectInfo | undefined {
  return object === undefined ? undefined : toInfo(object.info)
}

