import type { Backend, Capabilities, FileStat, MoveOptions } from '../contract/backend.ts'
import { isNexusError, NexusError, relocateError } from '../contract/errors.ts'
import { isWithin, type Path } from '../contract/paths.ts'
import { checkVariants, checkWritable } from './check-options.ts'
import { refuseMounts } from './delete.ts'
import { finished, journaled } from './journaled.ts'
import { moveDirectory } from './move-directory.ts'
import { moveFile } from './move-file.ts'
import type { MoveJournal } from './move-journal.ts'
import { backendMoveOptions, type KernelCopyOptions, type KernelMoveOptions } from './move-options.ts'
import { capabilitiesOf, findNode, isAboveMounts, type KernelContext, perform, type Place, placeAt, refuseUnsupported, requireVerb } from './place.ts'
import { toldIn } from './relocate.ts'
import { statAt } from './stat.ts'
import { transferFile } from './transfer.ts'
import { locateFile } from './write.ts'

/** Where a copy or rename starts and ends, and under which conditions. */
export interface Move {
  readonly source: Place
  readonly target: Place
  readonly options: KernelCopyOptions | undefined
  readonly journal: MoveJournal | undefined
}

/** Renames in the mount itself where it can; else by copying, verifying, and deleting the source last. */
export async function rename(
  context: KernelContext,
  from: Path,
  { to, options }: { readonly to: Path; readonly options: KernelMoveOptions | undefined },
): Promise<FileStat> {
  const move = locateMove(context, { op: 'rename', from, to }, options)
  const { source } = move
  checkWritable(source)
  refuseMounts(source)
  if (!isOneMount(move)) return emulated(move, () => renameByCopy(move))
  const { rename: able, directoryRename } = capabilitiesOf(source)
  if (able === false) refuseUnsupported(source, 'rename')
  if (source.mount.backend.rename === undefined) return emulated(move, () => renameByCopy(move))
  if (directoryRename === 'atomic' || (await statAt(source, signalOf(options))).kind === 'file') return inMount(move, 'rename')
  return emulated(move, () => renameByCopy(move))
}

/** Copies a file (in one step a directory too, where the mount can); across mounts by streaming it through, verified. */
export async function copy(
  context: KernelContext,
  from: Path,
  { to, options }: { readonly to: Path; readonly options: KernelCopyOptions | undefined },
): Promise<FileStat> {
  const move = locateMove(context, { op: 'copy', from, to }, options)
  const { source } = move
  // Its own mount would copy it without what is mounted below: the caller has to walk.
  if (source.hasMounts && source.path !== source.mount.mountPoint) throw new NexusError('is_directory', { op: 'copy', path: from, backend: 'nexus' })
  if (isOneMount(move)) {
    if (capabilitiesOf(source).copy === false) refuseUnsupported(source, 'copy')
    if (source.mount.backend.copy !== undefined && options?.ifTargetMatch === undefined) return inMount(move, 'copy')
  }
  return emulated(move, () => copyThrough(move))
}

function locateMove(
  context: KernelContext,
  { op, from, to }: { readonly op: string; readonly from: Path; readonly to: Path },
  options: KernelCopyOptions | undefined,
): Move {
  const node = findNode(context, { op, path: from }, options)
  if (isAboveMounts(node, from) && node.winner === undefined)
    throw new NexusError(op === 'rename' ? 'busy' : 'is_directory', {
      op,
      path: from,
      backend: 'nexus',
      reason: 'Mounts lie below it; name a file inside one.',
    })
  const source = placeAt(node, { op, path: from })
  const target = locateFile(context, { op, path: to }, options)
  if (target.hasMounts && to !== from) throw new NexusError('is_directory', { op, path: to, backend: 'nexus', reason: 'A mount point is there.' })
  checkVariants(source, { ifMatch: options?.ifMatch })
  checkVariants(target, { ifMatch: options?.ifTargetMatch, ifNoneMatch: options?.ifNoneMatch })
  return { source, target, options, journal: context.moveJournal }
}

function isOneMount({ source, target }: Move): boolean {
  return source.mount === target.mount
}

async function inMount({ source, target, options }: Move, verb: 'rename' | 'copy'): Promise<FileStat> {
  requireVerb(source, verb, verb)
  const run = (_backend: Backend, inner: Path, given: MoveOptions): Promise<FileStat> => source.mount.backend[verb](inner, target.inner, given)
  return toldIn(source.mount, await perform(source, options && backendMoveOptions(options), run))
}

/** Both mounts stay until the last step, and every failure is told as one of the verb that the caller asked for. */
async function emulated({ source, target, options }: Move, run: () => Promise<FileStat>): Promise<FileStat> {
  source.mount.enter()
  target.mount.enter()
  try {
    return await run()
  } catch (error) {
    if (isNexusError(error) && error !== options?.signal?.reason) throw relocateError(error, { op: source.op })
    throw error
  } finally {
    source.mount.leave()
    target.mount.leave()
  }
}

async function renameByCopy(move: Move): Promise<FileStat> {
  let stat: FileStat
  try {
    stat = await checkSource(move)
  } catch (error) {
    const end = isNexusError(error, 'not_found') ? await finished(move) : undefined
    if (end === undefined) throw error
    return end
  }
  if (move.target.path === move.source.path) return stat
  refuseRendered(move)
  if (stat.kind === 'file') return journaled(move, 'file', (record) => moveFile(move, record))
  checkDirectoryRename(move)
  return journaled(move, 'directory', (record) => moveDirectory(move, record))
}

async function copyThrough(move: Move): Promise<FileStat> {
  const stat = await checkSource(move)
  if (stat.kind === 'directory')
    throw new NexusError('is_directory', { op: 'copy', path: move.source.path, backend: move.source.mount.backend.scheme })
  return move.target.path === move.source.path ? stat : transferFile(move, stat)
}

/** The source as it stands; the conditions that no single step of a copy would check. */
async function checkSource({ source, target, options }: Move): Promise<FileStat> {
  const stat = await statMatching(source, target.path === source.path, options)
  const place = { op: source.op, path: source.path, backend: source.mount.backend.scheme }
  if (options?.ifMatch !== undefined && stat.etag !== options.ifMatch) throw new NexusError('precondition_failed', place)
  if (target.path === source.path) return stat
  if (isWithin(target.path, source.path))
    throw new NexusError('invalid_argument', { ...place, path: target.path, reason: 'It lies inside the directory itself.' })
  return stat
}

/** What is remembered refuses no condition; where it keeps one, the read under the same condition looks again, unless there is none (`isLast`). */
async function statMatching(source: Place, isLast: boolean, options: KernelMoveOptions | undefined): Promise<FileStat> {
  const { ifMatch, signal } = options ?? {}
  const stat = ifMatch !== undefined && isLast ? undefined : await statAt(source, { signal })
  const isDecided = ifMatch === undefined || stat?.etag === ifMatch
  return stat !== undefined && isDecided ? stat : statAt(source, { fresh: true, signal })
}

/** A document that reads back differently cannot be verified, and its original would be gone. */
function refuseRendered({ source, target }: Move): void {
  for (const place of [target, source]) {
    if (capabilitiesOf(place).fidelity === 'rendered')
      refuseUnsupported(
        place,
        'take part in a move, because its documents read back differently; copy it, look at the copy, then delete the original',
      )
  }
}

function checkDirectoryRename(move: Move): void {
  const able: Capabilities['directoryRename'] = isOneMount(move) ? capabilitiesOf(move.source).directoryRename : 'emulated'
  if (able === false) refuseUnsupported(move.source, 'rename a directory')
  if (move.options?.allowNonAtomic !== true)
    refuseUnsupported(move.source, 'rename this directory in one step; pass allowNonAtomic: true to move it file by file')
}

function signalOf(options: KernelMoveOptions | undefined): { readonly signal: AbortSignal } | undefined {
  return options?.signal === undefined ? undefined : { signal: options.signal }
}
