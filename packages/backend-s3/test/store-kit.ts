import { randomFillSync } from 'node:crypto'
import type { OpenContext } from '@nexus/core/contract'
import { type S3Double, type S3DoubleOptions, startS3Double } from '@nexus/doubles'
import { openS3Store, parseS3Config, type S3Attempts, type S3Limits, type S3Store } from '../src/index.ts'

/** The world as the tests make it: nothing of this machine's environment or home. */
export function testContext(env: Readonly<Record<string, string>> = {}): OpenContext {
  return {
    now: Date.now,
    random: (bytes) => randomFillSync(bytes),
    fetch,
    env: { HOME: '/nonexistent', AWS_EC2_METADATA_DISABLED: 'true', ...env },
    privateDirectories: [],
    credentials: () => Promise.resolve(undefined),
  }
}

/** The configuration of a mount of the double's bucket. */
export function configFor(double: S3Double, options: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const { accessKeyId, secretAccessKey } = double.account
  return { bucket: 'bucket', endpoint: double.url, accessKeyId, secretAccessKey, conditions: 'all', ...options }
}

/** A double and a store on it; both close together. */
export interface TestStore {
  readonly double: S3Double
  readonly store: S3Store
  close(): Promise<void>
}

/** What differs from published S3 and from the defaults. */
export interface TestStoreOptions {
  readonly double?: S3DoubleOptions | undefined
  readonly config?: Readonly<Record<string, unknown>> | undefined
  readonly limits?: Partial<S3Limits> | undefined
  /** Default: of each request one attempt, so that a fault is seen. */
  readonly attempts?: S3Attempts | undefined
  /** What is different in the world. */
  readonly context?: Partial<OpenContext> | undefined
}

/** Starts a double and opens a store on it, with requests counted from then on. */
export async function openTestStore({ double: doubleOptions, config, limits, attempts = { calls: 1, steps: 1 }, context }: TestStoreOptions = {}): Promise<TestStore> {
  const double = await startS3Double(doubleOptions)
  const store = await openS3Store(parseS3Config(configFor(double, config)), { ...testContext(), ...context }, { limits, attempts })
  double.requests.clear()
  return { double, store, close: () => store.close().then(() => double.close()) }
}

/** A stream of these bytes, in pieces of at most `pieceBytes`. */
export function streamOf(bytes: Uint8Array, pieceBytes = 65_536): ReadableStream<Uint8Array> {
  let at = 0
  return new ReadableStream({
    pull: (controller) => {
      if (at >= bytes.length) controller.close()
      else controller.enqueue(bytes.subarray(at, (at += pieceBytes)))
    },
  })
}

/** The whole of a stream. */
export async function collect(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return new Uint8Array(Buffer.concat(chunks))
}

/** Bytes that repeat nothing for a while. */
export function patterned(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8) * 7) & 0xff)
}
