import type { Hasher } from './digest.ts'

/** A content above this has a list of the digests of its pieces, so that ranges and streams verify each piece before they yield it. */
export const pieceBytes: number = 1024 * 1024
/** A content above this is stored as objects of this size. */
export const partBytes: number = 8 * 1024 * 1024

const digestBytes = 32

/** The list of pieces as a content: 32 bytes a piece. */
export function encodePieceList(digests: readonly string[]): Uint8Array {
  return Uint8Array.from(Buffer.from(digests.join(''), 'hex'))
}

/** The digests in a list of pieces. */
export function parsePieceList(bytes: Uint8Array): string[] {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
  return Array.from({ length: bytes.length / digestBytes }, (_, index) => hex.slice(index * digestBytes * 2, (index + 1) * digestBytes * 2))
}

/** What a part is named by: the digest of these bytes and its list of pieces. They keep a part apart from the list itself, which is a content too. */
const partPrefix = new TextEncoder().encode('nexus part\n')

/** The digest that names a part, from the digests of its pieces, so that no byte is hashed a third time. */
export function partDigest(hasher: Hasher, pieces: readonly string[]): string {
  return hasher.digest(Buffer.concat([partPrefix, encodePieceList(pieces)]))
}

/** The key under which a content or part is stored; a digest that was once dropped returns under another key. */
export function contentKey(digest: string, sequence?: number): string {
  return `cas/${digest.slice(0, 2)}/${digest}${sequence === undefined ? '' : `.${sequence}`}`
}
