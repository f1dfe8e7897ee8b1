import { randomBytes } from 'node:crypto'
import { chmod, link, lstat, mkdir, open, rename, unlink } from 'node:fs/promises'
import { decodeSegment, type Entry, type FileStat, NexusError, type Path, pathSegments, relativePath } from '@nexus/core/contract'
import { type CopyContext, filesInFlight } from './copy-context.ts'
import { digestChunks, digestOfHostFile } from './digest.ts'
import { forEachConcurrently } from './for-each-concurrently.ts'
import { isGone, toHostError } from './host-error.ts'
import { surviveFailure } from './survivable.ts'

const slash = Buffer.from('/')

/** Copies a file or directory of Nexus to a path of this machine. Each file appears whole, or not at all. */
export async function bringOut(context: CopyContext, source: Path, hostTarget: string): Promise<void> {
  const { session, recursive, cli: { signal } } = context
  const stat = await session.fs.stat(source, { signal })
  const target = Buffer.from(hostTarget)
  if (stat.kind === 'file') return bringOutFile(context, stat, target)
  if (!recursive) throw new NexusError('is_directory', { op: 'cp', path: source })
  await makeDirectory(target)
  await forEachConcurrently(session.fs.list(source, { recursive: true, signal }), { concurrency: filesInFlight, signal }, async (entry) => {
    await bringOutEntry(context, entry, { source, target }).catch((error: unknown) => surviveFailure(context.counts, error))
    context.progress.update(context.counts)
  })
}

async function bringOutEntry(context: CopyContext, entry: Entry, { source, target }: { readonly source: Path; readonly target: Buffer }): Promise<void> {
  const hostPath = hostPathBelow(target, relativePath(entry.path, source))
  if (entry.kind === 'directory') {
    await makeDirectory(hostPath)
    context.counts.directories++
    return
  }
  await makeDirectory(hostPath.subarray(0, hostPath.lastIndexOf(slash)))
  await bringOutFile(context, entry, hostPath)
}

/** Names go out as the bytes they stand for, unless those would lead somewhere else. */
function hostPathBelow(target: Buffer, path: Path): Buffer {
  const names = pathSegments(path).map((segment) => {
    const name = Buffer.from(decodeSegment(segment))
    const leads = name.length === 0 || name.equals(Buffer.from('.')) || name.equals(Buffer.from('..')) || name.includes(0x2f) || name.includes(0)
    if (leads) throw new NexusError('invalid_path', { op: 'cp', path, reason: `No file of this machine can be called so: ${JSON.stringify(name.toString())}.` })
    return name
  })
  return Buffer.concat([target, ...names.flatMap((name) => [slash, name])])
}

async function makeDirectory(hostPath: Buffer): Promise<void> {
  try {
    await mkdir(hostPath, { recursive: true })
  } catch (error) {
    throw toHostError(error, hostPath)
  }
}

async function bringOutFile(context: CopyContext, file: Pick<FileStat, 'path'> & Partial<Pick<FileStat, 'metadata'>>, hostPath: Buffer): Promise<void> {
  const { counts } = context
  if (file.metadata?.['symlink'] !== undefined) {
    counts.links++
    return
  }
  const temporary = Buffer.concat([hostPath.subarray(0, hostPath.lastIndexOf(slash) + 1), Buffer.from(`.nexus-cp-${randomBytes(8).toString('hex')}`)])
  try {
    const { digest, countedBytes } = await fillTemporary(context, file.path, temporary)
    const mode = Number.parseInt(file.metadata?.['mode'] ?? '', 8)
    if (!Number.isNaN(mode)) await chmod(temporary, mode & 0o777)
    if (!(await publish(context, temporary, hostPath))) return
    counts.files++
    counts.bytes += countedBytes
    if (context.verify) await compare(context, hostPath, digest)
  } catch (error) {
    throw toHostError(error, hostPath)
  } finally {
    await removeIfThere(temporary)
  }
}

async function fillTemporary({ session, throttle, cli: { signal } }: CopyContext, source: Path, temporary: Buffer): Promise<{ readonly digest: string; readonly countedBytes: number }> {
  await using content = await session.fs.open(source, { signal })
  await using handle = await open(temporary, 'wx')
  const body = digestChunks(content.stream())
  for await (const chunk of body.chunks) {
    signal.throwIfAborted()
    await throttle?.take(chunk.byteLength, signal)
    await handle.writeFile(chunk)
  }
  return { digest: body.digest(), countedBytes: body.countedBytes() }
}

/** @returns Whether the file stands there now; `false` where another is to stay. */
async function publish({ replaces, counts }: CopyContext, temporary: Buffer, hostPath: Buffer): Promise<boolean> {
  const standing = await lstat(hostPath).catch(absent)
  if (standing?.isDirectory() === true) throw new NexusError('is_directory', { op: 'cp', path: `host:${hostPath.toString()}` })
  if (replaces) {
    await rename(temporary, hostPath)
    return true
  }
  try {
    await link(temporary, hostPath)
    return true
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    counts.existing++
    return false
  }
}

async function compare({ counts }: CopyContext, hostPath: Buffer, expected: string): Promise<void> {
  if ((await digestOfHostFile(hostPath)) !== expected) {
    throw new NexusError('corrupt', { op: 'cp', path: `host:${hostPath.toString()}`, reason: 'It reads back differently from what was written, or somebody changed it meanwhile.' })
  }
  counts.verified++
}

async function removeIfThere(hostPath: Buffer): Promise<void> {
  await unlink(hostPath).catch(absent)
}

function absent(error: unknown): undefined {
  if (!isGone(error)) throw error
}
