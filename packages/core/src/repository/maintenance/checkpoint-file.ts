import { isNexusError } from '../../contract/errors.ts'
import type { ContentStore } from '../../contract/store.ts'
import type { Hasher } from '../digest.ts'
import type { CheckpointLine } from './checkpoint-lines.ts'

/** What reading a checkpoint needs of a repository. */
export interface CheckpointSource {
  readonly contents: ContentStore
  readonly hasher: Hasher
}

/** A checkpoint whose digest was found right. */
export interface Checkpoint {
  readonly key: string
  readonly sequence: number
  /** Lines before the trailer. */
  readonly lines: number
  readonly sizeBytes: number
}

/** A checkpoint as a listing tells it. */
export interface ListedCheckpoint {
  readonly key: string
  readonly sequence: number
  readonly sizeBytes: number
  /** By the storage's clock. */
  readonly modifiedAt: Date
}

const chunkBytes = 1024 * 1024
const shape = /^checkpoints\/(\d{20})-([0-9a-f]{64})$/

/** The key of a checkpoint: 20 digits of its last commit's number, and the digest of all lines before the trailer. */
export function checkpointKey(sequence: number, digest: string): string {
  return `checkpoints/${String(sequence).padStart(20, '0')}-${digest}`
}

/** What stands under `checkpoints/`, newest first, whole or not. */
export async function listCheckpoints(contents: ContentStore, signal: AbortSignal | undefined): Promise<ListedCheckpoint[]> {
  const found: ListedCheckpoint[] = []
  for await (const { key, sizeBytes, modifiedAt } of contents.list('checkpoints/', { signal })) {
    const [, digits] = shape.exec(key) ?? []
    if (digits !== undefined) found.push({ key, sequence: Number(digits), sizeBytes, modifiedAt })
  }
  return found.sort((left, right) => right.sequence - left.sequence || (left.key < right.key ? 1 : -1))
}

/** Reads a checkpoint through; `undefined` when it is damaged or gone. */
export async function openCheckpoint(source: CheckpointSource, key: string, signal: AbortSignal | undefined): Promise<Checkpoint | undefined> {
  const [, digits, digest] = shape.exec(key) ?? []
  const running = source.hasher.start()
  let lines = 0
  try {
    for await (const { bytes, line } of rawLines(source.contents, key, signal)) {
      if (line.kind === 'end') {
        const isWhole = line['digest'] === digest && line['lines'] === lines && running.hex() === digest
        return isWhole ? { key, sequence: Number(digits), lines, sizeBytes: (await source.contents.stat(key)).sizeBytes } : undefined
      }
      running.update(bytes)
      lines++
    }
    return undefined
  } catch (error) {
    if (error instanceof SyntaxError || isNexusError(error, 'not_found') || isNexusError(error, 'corrupt')) return undefined
    throw error
  }
}

/** Whether a checkpoint is not there any more: newer ones stand in its place, so that whoever looks for one has to list again. */
export async function isGone(contents: ContentStore, key: string, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await contents.stat(key, { signal })
    return false
  } catch (error) {
    if (isNexusError(error, 'not_found')) return true
    throw error
  }
}

/** The newest whole checkpoints, newest first, at most `count`; others may write and delete some meanwhile. */
export async function newestCheckpoints(source: CheckpointSource, count: number, signal: AbortSignal | undefined): Promise<readonly Checkpoint[]> {
  for (;;) {
    const found: Checkpoint[] = []
    let hasVanished = false
    for (const { key } of await listCheckpoints(source.contents, signal)) {
      const checkpoint = await openCheckpoint(source, key, signal)
      if (checkpoint !== undefined) found.push(checkpoint)
      else hasVanished ||= await isGone(source.contents, key, signal)
      if (found.length === count || hasVanished) break
    }
    if (!hasVanished) return found
  }
}

/** The lines of a checkpoint before its trailer, unchecked: call {@link openCheckpoint} first. */
export async function* checkpointLines(source: CheckpointSource, key: string, signal: AbortSignal | undefined): AsyncGenerator<CheckpointLine> {
  for await (const { line } of rawLines(source.contents, key, signal)) {
    if (line.kind === 'end') return
    yield line
  }
}

async function* rawLines(contents: ContentStore, key: string, signal: AbortSignal | undefined): AsyncGenerator<{ bytes: Uint8Array; line: CheckpointLine }> {
  const { sizeBytes } = await contents.stat(key, { signal })
  let rest = Buffer.alloc(0)
  for (let offset = 0; offset < sizeBytes; offset += chunkBytes) {
    const chunk = await contents.read(key, { offset, length: Math.min(chunkBytes, sizeBytes - offset) }, { signal })
    const bytes = Buffer.concat([rest, chunk])
    let start = 0
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
      const line = bytes.subarray(start, end + 1)
      yield { bytes: line, line: JSON.parse(line.toString('utf8')) as CheckpointLine }
      start = end + 1
    }
    rest = bytes.subarray(start)
  }
}
