import { isNexusError } from '../../contract/errors.ts'
import type { Repository } from '../context.ts'
import { partBytes, partDigest, parsePieceList, pieceBytes } from '../pieces.ts'
import type { ContentRow } from '../rows.ts'

/** What stands in storage for a content that has bytes of its own: not for one that is a list of pieces. */
export type StoredContent = Pick<ContentRow, 'digest' | 'size' | 'key' | 'segment' | 'offset' | 'part'>

/** Why a content's bytes are not what they must be. */
export type Damage = 'missing' | 'cut short' | 'damaged'

/** Where such bytes are read from. */
export type StoredSource = Pick<Repository, 'contents' | 'journal' | 'hasher'>

/** Its bytes, checked against its digest; never puts anything in quarantine, so that it may be used inside the turn to commit. */
export async function readStored(repository: StoredSource, row: StoredContent, signal?: AbortSignal): Promise<Uint8Array | Damage> {
  try {
    const bytes = await load(repository, row, signal)
    return isWhole(repository, row, bytes) ? bytes : 'damaged'
  } catch (error) {
    if (isNexusError(error, 'not_found')) return 'missing'
    if (isNexusError(error, 'corrupt')) return 'cut short'
    throw error
  }
}

/** The same; what is wrong is looked at a second time before it is believed. */
export async function readStoredTwice(repository: StoredSource, row: StoredContent, signal?: AbortSignal): Promise<Uint8Array | Damage> {
  const first = await readStored(repository, row, signal)
  return typeof first === 'string' ? readStored(repository, row, signal) : first
}

/** Whether these bytes are the content or part of that digest. */
export function isWhole({ hasher }: Pick<Repository, 'hasher'>, { digest, part }: Pick<StoredContent, 'digest' | 'part'>, bytes: Uint8Array): boolean {
  if (part === 0) return hasher.digest(bytes) === digest
  const pieces: string[] = []
  for (let offset = 0; offset < bytes.length; offset += pieceBytes) pieces.push(hasher.digest(bytes.subarray(offset, offset + pieceBytes)))
  return partDigest(hasher, pieces) === digest
}

/** Digests of the parts that a list of pieces stands for. */
export function partsOfList({ hasher }: Pick<Repository, 'hasher'>, list: Uint8Array): string[] {
  const pieces = parsePieceList(list)
  const perPart = partBytes / pieceBytes
  return Array.from({ length: Math.ceil(pieces.length / perPart) }, (_, index) => partDigest(hasher, pieces.slice(index * perPart, (index + 1) * perPart)))
}

async function load({ contents, journal }: StoredSource, { key, segment, offset, size }: StoredContent, signal: AbortSignal | undefined): Promise<Uint8Array> {
  return key === null ? journal.readInline({ segment: segment ?? 0, offset, sizeBytes: size }) : contents.read(key, { offset, length: size }, { signal })
}
