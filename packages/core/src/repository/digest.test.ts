import { describe, expect, it } from 'vitest'
import { openHasher } from './digest.ts'

/** Input of the BLAKE3 test vectors (github.com/BLAKE3-team/BLAKE3, test_vectors.json): 0, 1 ... 250, repeated. */
const input = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => index % 251)
const blake3: readonly (readonly [number, string])[] = [
  [0, 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262'],
  [1, '2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213'],
  [1023, '10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11'],
  [1024, '42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7'],
  [1025, 'd00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444'],
  [2048, 'e776b6028c7cd22a4d0ba182a8bf62205d2ef576467e838ed6f2529b85fba24a'],
  [31744, '62b6960e1a44bcc1eb1a611a8d6235b6b4b78f32e7abc4fb4c6cdcce94895c47'],
  [102400, 'bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085'],
]
/** FIPS 180-4 examples (NIST CSRC, SHA256.pdf). */
const sha256: readonly (readonly [string, string])[] = [
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  ['abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq', '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1'],
]

describe.each([['native where it is installed', true], ['WebAssembly', false]])('BLAKE3, %s', (_name, native) => {
  it.each(blake3)('%i bytes as the published vectors', async (length, digest) => {
    const hasher = await openHasher('blake3', { native })
    expect(hasher.digest(input(length))).toBe(digest)
    const running = hasher.start()
    for (let at = 0; at < length; at += 700) {
      running.update(input(length).subarray(at, at + 700))
      // Another digest in between must not disturb the one that runs.
      hasher.digest(Uint8Array.of(1))
    }
    expect(running.hex()).toBe(digest)
  })
})

describe('SHA-256', () => {
  it.each(sha256)('%j as the published vectors', async (text, digest) => {
    const hasher = await openHasher('sha256')
    expect(hasher.digest(new TextEncoder().encode(text))).toBe(digest)
    const running = hasher.start()
    running.update(new TextEncoder().encode(text))
    expect(running.hex()).toBe(digest)
  })
})
