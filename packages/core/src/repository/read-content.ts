import type { ByteRange } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import type { MaybePromise } from '../contract/store.ts'
import type { Repository } from './context.ts'
import { contentKey, parsePieceList, partBytes, partDigest, pieceBytes } from './pieces.ts'
import type { ContentRow } from './rows.ts'

/** Pieces that are read while those before them are checked and consumed, where the storage does not say. */
const defaultPiecesAhead = 2

/** Bytes from `offset` (inclusive) to `end` (exclusive) of a content. */
export interface Span {
  readonly offset: number
  readonly end: number
}

/** A range within a size; past the end is clamped. */
export function toSpan(range: ByteRange | undefined, size: number): Span {
  if (range === undefined) return { offset: 0, end: size }
  if ('suffix' in range) return { offset: Math.max(0, size - range.suffix), end: size }
  const offset = Math.min(range.offset, size)
  return { offset, end: range.length === undefined ? size : Math.min(size, offset + range.length) }
}

/** @throws NexusError `corrupt` when the content is in quarantine */
export function contentRow(repository: Repository, digest: string): ContentRow {
  const row = repository.view.content(digest)
  if (row !== undefined) return row
  throw new NexusError('corrupt', { reason: `The content ${repository.hasher.algorithm}:${digest} was found damaged; write the file again to heal it, or restore it from a backup.` })
}

/** The whole content, or a span of it, in memory and verified. */
export function readSpan(repository: Repository, digest: string, span: Span, signal?: AbortSignal): MaybePromise<Uint8Array> {
  const row = contentRow(repository, digest)
  if (row.pieces !== null) return collect(repository, row, span, signal)
  const bytes = readVerified(repository, row, signal)
  if (span.offset === 0 && span.end === row.size) return bytes
  return bytes instanceof Promise ? bytes.then((whole) => whole.subarray(span.offset, span.end)) : bytes.subarray(span.offset, span.end)
}

/** The same as verified pieces of at most 1 MiB. */
export async function* streamSpan(repository: Repository, digest: string, span: Span, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const row = contentRow(repository, digest)
  if (row.pieces === null) {
    if (span.end > span.offset || row.size === 0) yield (await readVerified(repository, row, signal)).subarray(span.offset, span.end)
    return
  }
  const pieces = parsePieceList(await readSpan(repository, row.pieces, toSpan(undefined, contentRow(repository, row.pieces).size), signal))
  const last = Math.ceil(span.end / pieceBytes)
  const load = (index: number): Promise<Uint8Array> => readPiece(repository, { row, pieces, index }, signal)
  const first = Math.floor(span.offset / pieceBytes)
  const { readsAtOnce: piecesAhead = defaultPiecesAhead } = repository.contents
  const ahead: Promise<Uint8Array>[] = []
  const loadAhead = (index: number): void => {
    if (index >= last) return
    const piece = load(index)
    // Told when its turn comes.
    piece.catch(() => undefined)
    ahead.push(piece)
  }
  for (let index = first; index < first + piecesAhead; index++) loadAhead(index)
  for (let index = first, next = ahead.shift(); next !== undefined; index++, next = ahead.shift()) {
    signal?.throwIfAborted()
    const piece = await next
    loadAhead(index + piecesAhead)
    yield piece.subarray(Math.max(0, span.offset - index * pieceBytes), Math.min(piece.length, span.end - index * pieceBytes))
  }
}

async function collect(repository: Repository, row: ContentRow, span: Span, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const bytes = new Uint8Array(span.end - span.offset)
  let filled = 0
  for await (const piece of streamSpan(repository, row.digest, span, signal)) {
    bytes.set(piece, filled)
    filled += piece.length
  }
  return bytes
}

async function readPiece(
  repository: Repository,
  { row, pieces, index }: { row: ContentRow; pieces: readonly string[]; index: number },
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const perPart = partBytes / pieceBytes
  const partIndex = Math.floor(index / perPart)
  const digest = partDigest(repository.hasher, pieces.slice(partIndex * perPart, (partIndex + 1) * perPart))
  const length = Math.min(pieceBytes, row.size - index * pieceBytes)
  const range = { offset: (index % perPart) * pieceBytes, length }
  return verified(repository, { digest: pieces[index] ?? '', owner: digest }, () => {
    const part = contentRow(repository, digest)
    return repository.contents.read(part.key ?? contentKey(digest), { offset: part.offset + range.offset, length }, { signal })
  })
}

function readVerified(repository: Repository, row: ContentRow, signal: AbortSignal | undefined): MaybePromise<Uint8Array> {
  const load = (): MaybePromise<Uint8Array> => {
    const { key, segment, offset, size } = repository.view.content(row.digest) ?? row
    if (key !== null) return repository.contents.read(key, { offset, length: size }, { signal })
    return repository.journal.readInline({ segment: segment ?? 0, offset, sizeBytes: size })
  }
  let bytes: MaybePromise<Uint8Array>
  try {
    bytes = load()
  } catch {
    return verified(repository, { digest: row.digest, owner: row.digest }, load)
  }
  if (bytes instanceof Promise) return verified(repository, { digest: row.digest, owner: row.digest }, load, bytes)
  if (repository.verify === 'none' || repository.hasher.digest(bytes) === row.digest) return bytes
  return verified(repository, { digest: row.digest, owner: row.digest }, load)
}

/**
 * What reads wrong is read once more: it may have been moved by compaction meanwhile, or the memory on the way was at fault. Wrong twice is
 * damage: the content goes into quarantine and is never served.
 */
async function verified(
  repository: Repository,
  { digest, owner }: { digest: string; owner: string },
  load: () => MaybePromise<Uint8Array>,
  first?: Promise<Uint8Array>,
): Promise<Uint8Array> {
  let problem = 'does not match its digest'
  for (const attempt of [() => first ?? load(), load]) {
    try {
      const bytes = await attempt()
      if (repository.verify === 'none' || repository.hasher.digest(bytes) === digest) return bytes
    } catch (error) {
      if (!(error instanceof NexusError) || (error.code !== 'not_found' && error.code !== 'corrupt')) throw error
      problem = error.code === 'not_found' ? 'is missing' : 'is cut short'
    }
    await repository.refresh(undefined, true)
  }
  await repository.quarantine(owner)
  throw new NexusError('corrupt', { reason: `The content ${repository.hasher.algorithm}:${digest} ${problem}; it was put in quarantine. Write the file again to heal it, or restore it from a backup.` })
}
