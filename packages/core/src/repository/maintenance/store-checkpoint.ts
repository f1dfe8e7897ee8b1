import { NexusError } from '../../contract/errors.ts'
import { type CheckpointSource, checkpointKey, listCheckpoints, openCheckpoint } from './checkpoint-file.ts'
import { createPace } from './pace.ts'

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
 * Writes lines as a checkpoint, reads it back, and lets all but the newest two whole ones go.
 * @throws NexusError `corrupt` when what was written reads back differently
 */
export async function storeCheckpoint(
  store: CheckpointSource,
  { lines, sequence, signal }: { readonly lines: Iterable<string>; readonly sequence: number; readonly signal: AbortSignal | undefined },
): Promise<WrittenCheckpoint> {
  const { chunks, digest } = await collect(store, lines, signal)
  const body = Buffer.concat(chunks)
  const key = checkpointKey(sequence, digest)
  const staged = await store.contents.stage(key, body, { durability: 'fsync', signal })
  await staged.publish()
  await store.contents.settle({ durability: 'fsync', signal })
  if ((await openCheckpoint(store, key, signal)) === undefined) {
    throw new NexusError('corrupt', { op: 'checkpoint', path: key, reason: 'The checkpoint that was just written reads back differently; the disk or the memory of this machine is at fault.' })
  }
  await dropOld(store, signal)
  return { key, sequence, sizeBytes: body.length }
}

async function collect({ hasher }: CheckpointSource, lines: Iterable<string>, signal: AbortSignal | undefined): Promise<{ chunks: Uint8Array[]; digest: string }> {
  const pace = createPace(signal)
  const running = hasher.start()
  const chunks: Uint8Array[] = []
  let text = ''
  let count = 0
  const flush = (): void => {
    const bytes = Buffer.from(text)
    running.update(bytes)
    chunks.push(bytes)
    text = ''
  }
  for (const line of lines) {
    text += `${line}\n`
    count++
    if (text.length < chunkBytes) continue
    flush()
    await pace()
  }
  flush()
  const digest = running.hex()
  chunks.push(Buffer.from(`${JSON.stringify({ kind: 'end', lines: count, digest })}\n`))
  return { chunks, digest }
}

async function dropOld(store: CheckpointSource, signal: AbortSignal | undefined): Promise<void> {
  let whole = 0
  for (const { key } of await listCheckpoints(store.contents, signal)) {
    if (whole >= keptCheckpoints) await store.contents.delete([key], { signal })
    else if ((await openCheckpoint(store, key, signal)) !== undefined) whole++
  }
}
