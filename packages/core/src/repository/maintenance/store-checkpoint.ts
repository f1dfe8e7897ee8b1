import { NexusError } from '../../contract/errors.ts'
import { type CheckpointSource, checkpointKey, isGone, listCheckpoints, type ListedCheckpoint, newestCheckpoints, openCheckpoint } from './checkpoint-file.ts'
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
 * Writes lines as a checkpoint, reads it back, and lets all but the newest two whole ones go. Others may do the same meanwhile: then this one may
 * be among those that are let go already, and everything in it stands in newer ones.
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
  if ((await openCheckpoint(store, key, signal)) === undefined && !(await isSuperseded(store, key, signal))) {
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

/** Whether others wrote so many newer ones meanwhile that they let this one go: then they cover all that it covered. */
async function isSuperseded(store: CheckpointSource, key: string, signal: AbortSignal | undefined): Promise<boolean> {
  if (!(await isGone(store.contents, key, signal))) return false
  const newest = await newestCheckpoints(store, keptCheckpoints, signal)
  return newest.length === keptCheckpoints && newest.every((newer) => newer.key > key)
}

/**
 * Where the journal waits for a checkpoint to be so old, the newest that is stays, and the oldest that will be: however often they are written, one comes
 * of age. The newest one's date is the store's time.
 */
function keptForLater(listed: readonly ListedCheckpoint[], ageMs: number | undefined): ReadonlySet<string> {
  if (ageMs === undefined) return new Set()
  const now = Math.max(...listed.map(({ modifiedAt }) => modifiedAt.getTime()))
  const isOld = ({ modifiedAt }: ListedCheckpoint): boolean => modifiedAt.getTime() <= now - ageMs
  const kept = [listed.find(isOld), listed.findLast((checkpoint) => !isOld(checkpoint))]
  return new Set(kept.flatMap((checkpoint) => (checkpoint === undefined ? [] : [checkpoint.key])))
}

/** Only what two newer whole ones stand behind goes, so that two processes that do this at once never leave fewer. */
async function dropOld(store: CheckpointSource, signal: AbortSignal | undefined): Promise<void> {
  const newest = await newestCheckpoints(store, keptCheckpoints, signal)
  const last = newest[keptCheckpoints - 1]
  if (last === undefined) return
  const listed = await listCheckpoints(store.contents, signal)
  const kept = keptForLater(listed, store.contents.deferral?.droppedForMs)
  const old = listed.filter(({ key }) => key < last.key && !kept.has(key))
  await store.contents.delete(old.map(({ key }) => key), { signal })
}
