import { NexusError } from '@nexus/core/contract'
import type { ObjectInfo, PutOptions } from '@nexus/object-storage'
import { at, type S3Context } from './context.ts'
import { crc32Of, runningCrc32 } from './crc.ts'
import { inParts, maxParts, type StoredPart, type StoredParts, type Upload } from './multipart.ts'
import { openPartReader, type PartReader } from './part-reader.ts'
import { put, sendsChecksums } from './put.ts'
import { requireCondition } from './prove.ts'
import { send } from './send.ts'

/** Parts grow so that large objects fit into them, and not beyond this: four of them are in memory. */
const maxPartBytes = 64 * 1024 ** 2

/** Length of part `number` (from 1), in bytes: the mount's part size, doubled every thousand parts. */
export function partBytesOf(partBytes: number, number: number): number {
  return Math.max(partBytes, Math.min(maxPartBytes, partBytes * 2 ** Math.floor((number - 1) / 1000)))
}

/** Longest stream that fits into all parts, in bytes. */
export function maxStreamBytes(partBytes: number): number {
  return Array.from({ length: maxParts / 1000 }, (_, step) => 1000 * partBytesOf(partBytes, step * 1000 + 1)).reduce((sum, bytes) => sum + bytes, 0)
}

/** A short body in one request, a longer one in parts, several at once. Memory: the parts under way and the one being filled. */
export async function putStream(context: S3Context, key: string, { body, options }: { body: ReadableStream<Uint8Array>; options: PutOptions }): Promise<ObjectInfo> {
  const reader = openPartReader(body, options.signal)
  try {
    const first = await reader.next(context.limits.partBytes)
    if (first === undefined || first.length < context.limits.partBytes) return await put(context, key, first ?? new Uint8Array(), options)
    await requireCondition(context, 'complete', options)
    return await inParts(context, key, { options, store: (upload) => storeParts(context, upload, { first, reader, signal: options.signal }) })
  } catch (error) {
    await reader.cancel(error)
    throw error
  }
}

/** An upload of parts that are in memory already. */
export async function uploadParts(context: S3Context, key: string, { options, parts }: { options: PutOptions; parts: readonly Uint8Array[] }): Promise<ObjectInfo> {
  return inParts(context, key, {
    options,
    store: async (upload) => {
      const stored: StoredPart[] = []
      for (const [index, bytes] of parts.entries()) stored.push(await storePart(context, upload, { number: index + 1, bytes, signal: options.signal }))
      return { parts: stored, sizeBytes: parts.reduce((sum, { length }) => sum + length, 0) }
    },
  })
}

interface Source {
  readonly first: Uint8Array
  readonly reader: PartReader
  readonly signal: AbortSignal | undefined
}

async function storeParts(context: S3Context, upload: Upload, { first, reader, signal }: Source): Promise<StoredParts> {
  const whole = runningCrc32()
  const stored: StoredPart[] = []
  const underWay = new Set<Promise<void>>()
  let failure: { readonly error: unknown } | undefined
  let sizeBytes = 0
  let number = 1
  for (let bytes: Uint8Array | undefined = first; bytes !== undefined && failure === undefined; number += 1) {
    if (number > maxParts) {
      const reason = `The stream is longer than ${sizeBytes} bytes, which fill ${maxParts} parts.`
      throw new NexusError('invalid_argument', { op: 'put', path: upload.key, backend: 's3', reason })
    }
    const part = { number, bytes, signal }
    sizeBytes += bytes.length
    whole.update(bytes)
    const done = storePart(context, upload, part)
      .then((result) => void stored.push(result))
      .catch((error: unknown) => void (failure ??= { error }))
      .then(() => {
        underWay.delete(done)
        reader.release(part.bytes)
      })
    underWay.add(done)
    if (underWay.size >= context.limits.partsAtOnce) await Promise.race(underWay)
    bytes = await reader.next(partBytesOf(context.limits.partBytes, number + 1)).catch((error: unknown) => void (failure ??= { error }))
  }
  // The abort that follows a failure finds no part on its way.
  await Promise.all(underWay)
  if (failure !== undefined) throw failure.error
  return { parts: stored.sort((a, b) => a.PartNumber - b.PartNumber), sizeBytes, checksum: whole.digest() }
}

interface Part {
  readonly number: number
  readonly bytes: Uint8Array
  readonly signal: AbortSignal | undefined
}

async function storePart(context: S3Context, { key, id }: Upload, { number, bytes, signal }: Part): Promise<StoredPart> {
  const checksum = sendsChecksums(context) ? { ChecksumCRC32: crc32Of(bytes) } : {}
  const input = { ...at(context, key), UploadId: id, PartNumber: number, Body: bytes, ContentLength: bytes.length, ...checksum }
  const output = await send(context, { op: 'put', path: key, signal, kind: 'write', isStep: true, bodyBytes: bytes.length }, (call) => context.client.send(new context.sdk.UploadPartCommand(input), call))
  if (output.ETag === undefined) throw new NexusError('unexpected', { op: 'put', path: key, backend: 's3', reason: `The service stored part ${number} without telling its ETag.` })
  return { PartNumber: number, ETag: output.ETag, ...checksum }
}
