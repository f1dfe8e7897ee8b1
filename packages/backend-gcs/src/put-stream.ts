import type { ObjectInfo, PutOptions } from '@nexus/object-storage'
import { type Chunk, type Chunks, openChunks } from './chunks.ts'
import type { GcsContext, Place } from './context.ts'
import { spellCrc32c } from './crc32c.ts'
import { failure } from './errors.ts'
import { checkKey } from './keys.ts'
import { orAborted } from './or-aborted.ts'
import type { ObjectResource } from './object-info.ts'
import { checkStored, maxSizeBytes, put } from './put.ts'
import { cancelSession, type Session, startSession } from './session.ts'
import { uploadChunk } from './upload-chunk.ts'

/**
 * Bytes of one request of a resumable upload: a multiple of 256 KiB, and Google's advice for throughput
 * (https://cloud.google.com/storage/docs/performing-resumable-uploads#chunked-upload). Two are in memory at once, and the platform's copy of one.
 */
export const chunkBytes: number = 8 * 1024 * 1024

/** A resumable upload; what fits one chunk goes as a single request. The session takes its chunks one by one: the next is read meanwhile. */
export async function putStream(context: GcsContext, key: string, body: ReadableStream<Uint8Array>, options: PutOptions = {}): Promise<ObjectInfo> {
  const place = { op: 'putStream', key }
  const chunks = openChunks(body, chunkBytes)
  try {
    checkKey(place)
    const first = await orAborted(chunks.next(), options.signal)
    if (first.isLast) return await put(context, key, first.bytes, options)
    return await upload(context, { place, chunks, first, options })
  } catch (error) {
    // Its own failure is no news to a source that is told to stop.
    await Promise.allSettled([chunks.cancel(error)])
    throw error
  }
}

interface Upload {
  readonly place: Place
  readonly chunks: Chunks
  readonly first: Chunk
  readonly options: PutOptions
}

async function upload(context: GcsContext, { place, chunks, first, options }: Upload): Promise<ObjectInfo> {
  const session = await startSession(context, place, options)
  try {
    return (await sendChunks(context, session, { chunks, first, options })).info
  } catch (error) {
    await cancelSession(context, session)
    throw error
  }
}

async function sendChunks(context: GcsContext, session: Session, { chunks, first, options: { onVerified } }: Omit<Upload, 'place'>): Promise<ObjectResource> {
  let chunk = first
  let offset = 0
  let crc = 0
  for (;;) {
    const end = offset + chunk.bytes.length
    if (end > maxSizeBytes) throw failure('invalid_argument', session.place, `An object has at most ${maxSizeBytes} bytes.`)
    crc = context.crc32c.append(crc, chunk.bytes)
    const sent = uploadChunk(context, session, { ...chunk, offset, crc32c: spellCrc32c(crc) })
    const [resource, following] = await Promise.all([sent, chunk.isLast ? undefined : orAborted(chunks.next(), session.signal)])
    if (following === undefined) return finished(session, resource, { sizeBytes: end, crc32c: spellCrc32c(crc), onVerified })
    if (resource !== undefined) throw failure('outcome_unknown', session.place, 'The service ended the upload before its last bytes were sent. Read the object before you repeat it.')
    offset = end
    chunk = following
  }
}

function finished({ place }: Session, resource: ObjectResource | undefined, sent: Omit<Parameters<typeof checkStored>[1], 'place'>): ObjectResource {
  if (resource === undefined) throw failure('outcome_unknown', place, 'The service took the last bytes and does not say that the object is stored. Look before you repeat it.')
  checkStored(resource, { place, ...sent })
  return resource
}
