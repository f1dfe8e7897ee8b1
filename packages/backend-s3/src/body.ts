import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { NexusError, type Pace } from '@nexus/core/contract'
import { type RunningChecksum, runningCrc32, runningCrc32c, runningCrc64 } from './crc.ts'
import { type Place, toNexusError } from './errors.ts'

/** A checksum that the service sent with a body. */
export interface ExpectedChecksum {
  readonly name: string
  /** Base64. */
  readonly value: string
  readonly create: () => RunningChecksum
}

/** What is known of a body before it is read. */
export interface BodyOptions extends Place {
  /** Bytes that were promised; `undefined` where none were. */
  readonly sizeBytes: number | undefined
  readonly checksum: ExpectedChecksum | undefined
  readonly pace: Pace
}

/** What an answer tells of the object's checksums. */
export interface ChecksumOutput {
  readonly ChecksumType?: string | undefined
  readonly ChecksumCRC32?: string | undefined
  readonly ChecksumCRC32C?: string | undefined
  readonly ChecksumCRC64NVME?: string | undefined
  readonly ChecksumSHA1?: string | undefined
  readonly ChecksumSHA256?: string | undefined
}

/** The checksum over the whole body that came with an answer. One over the parts' checksums (`...-3`) says nothing of the bytes as they come. */
export function expectedChecksum(output: ChecksumOutput): ExpectedChecksum | undefined {
  const known = [
    ['CRC32', output.ChecksumCRC32, runningCrc32],
    ['CRC64NVME', output.ChecksumCRC64NVME, runningCrc64],
    ['CRC32C', output.ChecksumCRC32C, runningCrc32c],
    ['SHA256', output.ChecksumSHA256, () => runningHash('sha256')],
    ['SHA1', output.ChecksumSHA1, () => runningHash('sha1')],
  ] as const
  const found = known.find(([, value]) => value !== undefined && !value.includes('-'))
  if (found?.[1] === undefined || output.ChecksumType === 'COMPOSITE') return undefined
  return { name: found[0], value: found[1], create: found[2] }
}

function runningHash(algorithm: string): RunningChecksum {
  const hash = createHash(algorithm)
  return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest('base64') }
}

/** The body as a stream that ends only when every byte came and the checksum is right. Nothing is read ahead of the reader but what the socket holds. */
export function toBodyStream(source: Readable, options: BodyOptions): ReadableStream<Uint8Array> {
  const { signal, pace } = options
  const chunks = source[Symbol.asyncIterator]() as AsyncIterator<Uint8Array, undefined>
  const check = checker(options)
  const onAbort = (): void => void source.destroy()
  signal?.addEventListener('abort', onAbort, { once: true })
  const finish = (): void => signal?.removeEventListener('abort', onAbort)
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          signal?.throwIfAborted()
          const { done, value } = await pace(() => chunks.next())
          signal?.throwIfAborted()
          if (done !== true) {
            check.take(value)
            controller.enqueue(value)
            return
          }
          check.end()
          finish()
          controller.close()
        } catch (error) {
          finish()
          source.destroy()
          throw toNexusError(error, options)
        }
      },
      cancel: () => {
        finish()
        source.destroy()
      },
    },
    { highWaterMark: 0 },
  )
}

/** A body without bytes. */
export function emptyStream(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => {
      controller.close()
    },
  })
}

function checker({ sizeBytes, checksum, op, path }: BodyOptions): { take: (bytes: Uint8Array) => void; end: () => void } {
  const running = checksum?.create()
  let received = 0
  const fail = (code: 'corrupt' | 'unavailable', reason: string): never => {
    throw new NexusError(code, { op, path, backend: 's3', reason })
  }
  return {
    take: (bytes) => {
      received += bytes.length
      if (sizeBytes !== undefined && received > sizeBytes) fail('corrupt', `The body is longer than the ${sizeBytes} bytes that S3 announced; read it again.`)
      running?.update(bytes)
    },
    end: () => {
      if (sizeBytes !== undefined && received < sizeBytes) fail('unavailable', `The body ended after ${received} of ${sizeBytes} bytes; read it again.`)
      if (running === undefined || running.digest() === checksum?.value) return
      fail('corrupt', `The body does not match its ${checksum?.name ?? ''} checksum: it was damaged on the way or in storage. Read it again.`)
    },
  }
}
