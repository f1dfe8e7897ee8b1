import { createHash, type Hash } from 'node:crypto'
import type { IHasher } from 'hash-wasm'
import { NexusError } from '../contract/errors.ts'

/** Algorithms a repository may be created with. */
export type DigestAlgorithm = 'blake3' | 'sha256'

/** Hashes with one algorithm; results are 64 lowercase hex digits. Serves one thread. */
export interface Hasher {
  readonly algorithm: DigestAlgorithm
  digest(bytes: Uint8Array): string
  /** For content that arrives in pieces. */
  start(): RunningDigest
}

/** A digest under way. */
export interface RunningDigest {
  update(bytes: Uint8Array): void
  hex(): string
}

/** Below this the WebAssembly instance is faster than the native library's call (COUNTERPARTS.md, measurements). */
const nativeFromBytes = 2048

/**
 * Opens the hasher of an algorithm: BLAKE3 (BLAKE3 specification, section 2) or SHA-256 (FIPS 180-4).
 * @param options.native Whether `@napi-rs/blake-hash` is used where it is installed; default true.
 */
export async function openHasher(algorithm: DigestAlgorithm, { native = true }: { readonly native?: boolean } = {}): Promise<Hasher> {
  if (algorithm === 'sha256') return sha256Hasher
  const { createBLAKE3 } = await import('hash-wasm')
  const instance = await createBLAKE3()
  const library = native ? await importNative() : undefined
  if (library === undefined) return wasmHasher(instance)
  return {
    algorithm,
    digest: (bytes) => (bytes.length < nativeFromBytes ? wasmDigest(instance, bytes) : library.blake3(asBuffer(bytes)).toString('hex')),
    start: () => {
      const running = new library.Blake3Hasher()
      return { update: (bytes) => void running.update(asBuffer(bytes)), hex: () => running.digest('hex') }
    },
  }
}

const sha256Hasher: Hasher = {
  algorithm: 'sha256',
  digest: (bytes) => createHash('sha256').update(bytes).digest('hex'),
  start: () => {
    const running: Hash = createHash('sha256')
    return { update: (bytes) => void running.update(bytes), hex: () => running.digest('hex') }
  },
}

/** A running digest keeps its state aside, because the instance also serves digests that come in between. */
function wasmHasher(instance: IHasher): Hasher {
  return {
    algorithm: 'blake3',
    digest: (bytes) => wasmDigest(instance, bytes),
    start: () => {
      let state = instance.init().save()
      return {
        update: (bytes) => void (state = instance.load(state).update(bytes).save()),
        hex: () => instance.load(state).digest('hex'),
      }
    },
  }
}

function wasmDigest(instance: IHasher, bytes: Uint8Array): string {
  return instance.init().update(bytes).digest('hex')
}

async function importNative(): Promise<typeof import('@napi-rs/blake-hash') | undefined> {
  try {
    return await import('@napi-rs/blake-hash')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    const missing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND' || code === 'ERR_DLOPEN_FAILED'
    // An optional dependency: without it everything works, slower.
    if (missing || (error instanceof Error && error.message.includes('native binding'))) return undefined
    throw new NexusError('unexpected', { reason: '@napi-rs/blake-hash is installed but cannot be loaded.', cause: error })
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
