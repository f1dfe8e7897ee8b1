import { constants, type Stats } from 'node:fs'
import { type FileHandle, lstat, open, stat } from 'node:fs/promises'
import { isNexusError, NexusError, type Path } from '@nexus/core/contract'
import { type CopyContext, filesInFlight, type TreeLimits } from './copy-context.ts'
import { digestBytes, digestChunks, digestOfFile, type DigestedChunks } from './digest.ts'
import { forEachConcurrently } from './for-each-concurrently.ts'
import { isGone, toHostError } from './host-error.ts'
import { type HostEntry, hostTree } from './host-tree.ts'
import { readWhole } from './read-whole.ts'
import { surviveFailure } from './survivable.ts'

/** Larger files stream. */
const wholeFileBytes = 1024 * 1024

/** Copies a file or directory of this machine to a path of Nexus. A link that is named itself is followed; links below are not. */
export async function takeIn(context: CopyContext, hostPath: string, target: Path): Promise<void> {
  const found = await stat(hostPath).catch((error: unknown) => {
    throw toHostError(error, hostPath)
  })
  if (found.isFile()) return takeInFile(context, Buffer.from(hostPath), { target, follows: true })
  if (!found.isDirectory()) throw new NexusError('unsupported', { op: 'cp', path: `host:${hostPath}`, reason: 'It is a device, socket or FIFO, which cp does not copy.' })
  if (!context.recursive) throw new NexusError('is_directory', { op: 'cp', path: `host:${hostPath}` })
  await takeInTree(context, Buffer.from(hostPath), target)
}

async function takeInTree(context: CopyContext, root: Buffer, target: Path): Promise<void> {
  const { counts, progress, within, cli: { signal } } = context
  const before = { files: counts.files, bytes: counts.bytes }
  const counted = progress.isShown ? await countTree(context, root) : undefined
  const totals = counted && { totalFiles: before.files + counted.files, totalBytes: before.bytes + counted.bytes }
  const work = async (entry: HostEntry): Promise<void> => {
    await takeInEntry(context, entry).catch((error: unknown) => surviveFailure(counts, error))
    progress.update({ ...counts, ...totals })
  }
  await forEachConcurrently(limitedTree(root, target, within), { concurrency: filesInFlight, signal }, work)
}

async function* limitedTree(root: Buffer, target: Path, { maxFiles = Infinity, excluded }: TreeLimits = {}): AsyncGenerator<HostEntry> {
  let files = 0
  for await (const entry of hostTree(root, target, excluded)) {
    if (entry.kind === 'file' && ++files > maxFiles) return
    yield entry
  }
}

/** Looks first, where a person waits, so that the time left can be told from the beginning. */
async function countTree({ within, cli }: CopyContext, root: Buffer): Promise<{ readonly files: number; readonly bytes: number }> {
  const counting = cli.progress('Counting')
  const totals = { files: 0, bytes: 0 }
  try {
    for await (const { kind, hostPath } of limitedTree(root, '/' as Path, within)) {
      cli.signal.throwIfAborted()
      if (kind !== 'file') continue
      totals.files++
      // What vanished since it was listed, or cannot be looked at, is told when its turn comes.
      totals.bytes += (await lstat(hostPath).catch(() => undefined))?.size ?? 0
      counting.update(totals)
    }
  } finally {
    counting.end()
  }
  return totals
}

async function takeInEntry(context: CopyContext, { kind, hostPath, path, error }: HostEntry): Promise<void> {
  const { counts, session, cli: { signal } } = context
  switch (kind) {
    case 'file':
      return takeInFile(context, hostPath, { target: path, follows: false })
    case 'emptyDirectory':
      await session.fs.mkdir(path, { recursive: true, signal })
      counts.directories++
      return
    case 'link':
      counts.links++
      return
    case 'special':
      counts.specials++
      return
    case 'unreadable':
      throw error
  }
}

async function takeInFile(context: CopyContext, hostPath: Buffer, { target, follows }: { readonly target: Path; readonly follows: boolean }): Promise<void> {
  // Not blocking: a FIFO that took the file's place meanwhile would wait for a writer.
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | (follows ? 0 : constants.O_NOFOLLOW)
  try {
    await using handle = await open(hostPath, flags)
    const found = await handle.stat()
    if (!found.isFile()) {
      context.counts.specials++
      return
    }
    await writeFile(context, { handle, found, target })
  } catch (error) {
    if (isGone(error) && !follows) return
    throw toHostError(error, hostPath)
  }
}

async function writeFile(context: CopyContext, { handle, found, target }: { readonly handle: FileHandle; readonly found: Stats; readonly target: Path }): Promise<void> {
  const { counts, session, replaces, verify, cli: { signal } } = context
  const body = found.size <= wholeFileBytes ? await readWhole(handle, found.size) : digestChunks(throttled(context, handle.createReadStream({ autoClose: false, highWaterMark: wholeFileBytes })))
  if (body instanceof Uint8Array) await context.throttle?.take(body.byteLength, signal)
  const metadata = (found.mode & 0o111) === 0 ? undefined : { mode: (found.mode & 0o777).toString(8) }
  try {
    await session.fs.write(target, body instanceof Uint8Array ? body : body.chunks, { metadata, ifNoneMatch: replaces ? undefined : '*', signal })
  } catch (error) {
    if (replaces || !isNexusError(error, 'precondition_failed')) throw error
    counts.existing++
    return
  }
  counts.files++
  counts.bytes += body instanceof Uint8Array ? body.byteLength : body.countedBytes()
  if (verify) await compare(context, target, body)
}

async function* throttled({ throttle, cli: { signal } }: CopyContext, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    await throttle?.take(chunk.byteLength, signal)
    yield chunk
  }
}

async function compare({ session, counts, cli: { signal } }: CopyContext, target: Path, body: Uint8Array | DigestedChunks): Promise<void> {
  const expected = body instanceof Uint8Array ? digestBytes(body) : body.digest()
  if ((await digestOfFile(session.fs, target, signal)) !== expected) {
    throw new NexusError('corrupt', { op: 'cp', path: target, reason: 'It reads back differently from what was written, or somebody changed it meanwhile.' })
  }
  counts.verified++
}
