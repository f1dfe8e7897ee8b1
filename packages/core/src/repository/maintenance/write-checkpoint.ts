import type Database from 'better-sqlite3'
import type { CallOptions } from '../../contract/backend.ts'
import { NexusError } from '../../contract/errors.ts'
import type { Repository } from '../context.ts'
import { stateLines } from './checkpoint-lines.ts'
import { checkpointKey, listCheckpoints, openCheckpoint } from './checkpoint-file.ts'
import { withIndexSnapshot } from './index-snapshot.ts'
import { createPace, type Pace } from './pace.ts'

/** A checkpoint that was written and read back. */
export interface WrittenCheckpoint {
  readonly key: string
  /** The last commit that it holds. */
  readonly sequence: number
  readonly sizeBytes: number
}

const chunkBytes = 256 * 1024
const keptCheckpoints = 2

/**
 * Writes the whole state without contents, reads it back, and keeps the newest two. From it and the commits after it an index is made again without
 * the older part of the journal.
 * @throws NexusError `read_only`, `not_found` where there is no repository yet, `corrupt` when what was written reads back differently
 */
export async function writeCheckpoint(repository: Repository, { signal }: CallOptions = {}): Promise<WrittenCheckpoint> {
  if (repository.readonly) throw new NexusError('read_only', { op: 'checkpoint', reason: 'The repository was opened read-only; a checkpoint is written into it.' })
  const written = await withIndexSnapshot(repository, signal, async ({ database, head }) => {
    const { chunks, sizeBytes, digest } = await collectLines(repository, database, createPace(signal))
    const key = checkpointKey(head.sequence, digest)
    const staged = await repository.contents.stage(key, Buffer.concat(chunks), { durability: 'fsync', signal })
    await staged.publish()
    await repository.contents.settle({ durability: 'fsync', signal })
    return { key, sequence: head.sequence, sizeBytes }
  })
  if (written === undefined) throw new NexusError('not_found', { op: 'checkpoint', reason: 'There is no repository here yet; its first write makes one.' })
  if ((await openCheckpoint(repository, written.key, signal)) === undefined) {
    throw new NexusError('corrupt', { op: 'checkpoint', path: written.key, reason: 'The checkpoint that was just written reads back differently; the disk or the memory of this machine is at fault.' })
  }
  await dropOldCheckpoints(repository, signal)
  return written
}

async function collectLines(repository: Repository, database: Database.Database, pace: Pace): Promise<{ chunks: Uint8Array[]; sizeBytes: number; digest: string }> {
  const running = repository.hasher.start()
  const chunks: Uint8Array[] = []
  let text = ''
  let lines = 0
  const flush = (): void => {
    const bytes = Buffer.from(text)
    running.update(bytes)
    chunks.push(bytes)
    text = ''
  }
  for (const line of stateLines(database)) {
    text += `${line}\n`
    lines++
    if (text.length < chunkBytes) continue
    flush()
    await pace()
  }
  flush()
  const digest = running.hex()
  chunks.push(Buffer.from(`${JSON.stringify({ kind: 'end', lines, digest })}\n`))
  return { chunks, digest, sizeBytes: chunks.reduce((sum, chunk) => sum + chunk.length, 0) }
}

async function dropOldCheckpoints(repository: Repository, signal: AbortSignal | undefined): Promise<void> {
  const keys = await listCheckpoints(repository.contents, signal)
  let valid = 0
  for (const { key } of keys) {
    if (valid >= keptCheckpoints) await repository.contents.delete([key], { signal })
    else if ((await openCheckpoint(repository, key, signal)) !== undefined) valid++
  }
}
