import { createBLAKE3, createSHA256 } from 'hash-wasm'

const create = { blake3: createBLAKE3, sha256: createSHA256 } satisfies Record<DigestAlgorithm, unknown>

/** The algorithms by which stores tell a digest. */
export type DigestAlgorithm = 'blake3' | 'sha256'

/** Digests bytes as they pass. */
export interface Digester {
  update(bytes: Uint8Array): void
  /** `<algorithm>:<64 hex>` of all bytes; the same at every call, and nothing is taken in after the first. */
  digest(): string
}

/** The algorithm of a digest as stores tell it; `undefined` for none and for one that is not known here. */
export function digestAlgorithm(digest: string | undefined): DigestAlgorithm | undefined {
  const name = digest?.slice(0, digest.indexOf(':'))
  return name === 'blake3' || name === 'sha256' ? name : undefined
}

/** Starts a digest of bytes that come one after another. */
export async function openDigester(algorithm: DigestAlgorithm): Promise<Digester> {
  const hasher = await create[algorithm]()
  hasher.init()
  let result: string | undefined
  return {
    update: (bytes) => void hasher.update(bytes),
    digest: () => (result ??= `${algorithm}:${hasher.digest('hex')}`),
  }
}
