import type { FileStat, MoveOptions, StoredFile } from '../contract/backend.ts'
import { isNexusError } from '../contract/errors.ts'
import { isWithin, type Path } from '../contract/paths.ts'
import { carryFile, withdraw } from './carry.ts'
import { dropHidden } from './drop-hidden.ts'
import { dropReturned, prune } from './tiered-delete.ts'
import { dropStale } from './tiered-write.ts'
import { find } from './find.ts'
import { coldTarget, concernsTier, hotCondition, refuse, type Tier, type TierCall, toldHot } from './tier.ts'

/** Where a rename or copy of one file begins and ends. */
interface Move {
  readonly op: 'rename' | 'copy'
  readonly from: Path
  readonly to: Path
  readonly options: MoveOptions
}

/** Renames one file where it lies. A directory is moved by the kernel, file by file: half of it may lie elsewhere. */
export function rename(tier: Tier, from: Path, { to, options = {} }: { readonly to: Path; readonly options: MoveOptions | undefined }): Promise<FileStat> {
  const move = { op: 'rename', from, to, options } as const
  return tier.guard.change([from, to], async () => {
    // Before the first storage is looked at: what is there then is no copy of a later state.
    const hidden = isWithin(from, tier.within) ? await find(tier.cold, from, { fresh: true, signal: options.signal }) : undefined
    const source = await checkedSource(tier, move)
    if (from === to) return source.stat
    const replaced = await checkedTarget(tier, move)
    if (source.side === 'cold') return renameCold(tier, move, source.stat)
    await dropHidden(tier, { hot: source.stat, cold: hidden, signal: options.signal })
    return renameHot(tier, move, replaced)
  })
}

async function renameHot(tier: Tier, move: Move, replaced: FileStat | undefined): Promise<FileStat> {
  const { from, options } = move
  let moved: FileStat
  try {
    moved = await inHot(tier, move)
  } catch (error) {
    const now = isNexusError(error, 'not_found') ? await checkedSource(tier, move) : undefined
    if (now?.side !== 'cold') throw error
    // A run in another process took it there meanwhile.
    return renameCold(tier, move, now.stat)
  }
  await dropReturned(tier, { ...moved, path: from }, { signal: options.signal, isCertain: false })
  await dropStale(tier, replaced, options)
  return toldHot(tier, moved)
}

/** Copies one file, within the first storage where it lies there, else into it. */
export function copy(tier: Tier, from: Path, { to, options = {} }: { readonly to: Path; readonly options: MoveOptions | undefined }): Promise<FileStat> {
  const move = { op: 'copy', from, to, options } as const
  return tier.guard.change([to], async () => {
    const source = await checkedSource(tier, move)
    if (from === to) return source.stat
    const replaced = await checkedTarget(tier, move)
    const copied = source.side === 'cold' ? await bringBack(tier, move, source.stat) : await inHot(tier, move)
    tier.capacity?.add(copied.sizeBytes ?? 0)
    await dropStale(tier, replaced, options)
    return toldHot(tier, copied)
  })
}

/** Copies a file of another backend of the first storage's service. */
export function copyFrom(
  tier: Tier,
  source: StoredFile,
  { to, options = {} }: { readonly to: Path; readonly options: MoveOptions | undefined },
): Promise<FileStat | undefined> {
  return tier.guard.change([to], async () => {
    const replaced = await checkedTarget(tier, { op: 'copy', from: to, to, options })
    const copied = await tier.hot.copyFrom?.(source, to, options)
    if (copied === undefined) return undefined
    tier.capacity?.add(copied.sizeBytes ?? 0)
    await dropStale(tier, replaced, options)
    return toldHot(tier, copied)
  })
}

interface Source {
  readonly side: 'hot' | 'cold'
  /** As the redirect tells it. */
  readonly stat: FileStat
}

/** @throws NexusError `not_found`, `precondition_failed`; for a directory `is_directory` (copy), `unsupported` (rename), `invalid_argument` (into itself) */
async function checkedSource(tier: Tier, { op, from, to, options }: Move): Promise<Source> {
  const { ifMatch, signal } = options
  const call = { op, path: from }
  const hot = await find(tier.hot, from, { signal })
  const stat = hot === undefined ? await tier.cold.stat(from, { signal }) : toldHot(tier, hot)
  if (ifMatch !== undefined && stat.etag !== ifMatch) refuse('precondition_failed', call)
  if (stat.kind === 'directory' && from !== to) refuseDirectory(call, to)
  return { side: hot === undefined ? 'cold' : 'hot', stat }
}

function refuseDirectory(call: TierCall, to: Path): never {
  if (call.op === 'copy') return refuse('is_directory', call)
  if (isWithin(to, call.path)) return refuse('invalid_argument', { ...call, path: to }, 'It lies inside the directory itself.')
  return refuse('unsupported', call, 'Files of the directory may lie in two storages; it is moved file by file.')
}

/** What the other storage has under the target's name. */
async function checkedTarget(tier: Tier, { op, to, options }: Move): Promise<FileStat | undefined> {
  if (!concernsTier(tier, to)) return undefined
  const call = { op, path: to }
  try {
    const cold = await coldTarget(tier, call, options)
    if (cold !== undefined && options.ifNoneMatch !== undefined) refuse('precondition_failed', call)
    return cold
  } catch (error) {
    if (isNexusError(error, 'is_directory') && options.ifNoneMatch !== undefined) refuse('precondition_failed', call)
    throw error
  }
}

function inHot(tier: Tier, { op, from, to, options }: Move): Promise<FileStat> {
  const { hot } = tier
  const call = { op, path: from }
  const given = { ...options, ifMatch: hotCondition(tier, call, options.ifMatch) }
  if (op === 'rename') return hot.rename === undefined ? refuse('unsupported', call) : hot.rename(from, to, given)
  return hot.copy === undefined ? refuse('unsupported', call) : hot.copy(from, to, given)
}

/** In the other storage where the new name is free; else through the first one, whose file of that name would hide it. */
async function renameCold(tier: Tier, move: Move, stat: FileStat): Promise<FileStat> {
  const { from, to, options } = move
  const { signal } = options
  const isFree = isWithin(to, tier.within) && (await find(tier.hot, to, { signal })) === undefined
  if (isFree) {
    const moved = await tier.cold.rename(from, to, { ...options, ifMatch: stat.etag })
    await prune(tier, from, signal)
    return moved
  }
  const replaced = isWithin(to, tier.within) ? await coldTarget(tier, { op: 'rename', path: to }, options) : undefined
  const brought = await bringBack(tier, move, stat)
  tier.capacity?.add(brought.sizeBytes ?? 0)
  await dropStale(tier, replaced, options)
  await withdraw(tier.cold, from, { ifMatch: stat.etag, signal })
  await prune(tier, from, signal)
  return toldHot(tier, brought)
}

function bringBack({ hot, cold }: Tier, { from, to, options: { ifNoneMatch, signal } }: Move, { etag }: FileStat): Promise<FileStat> {
  return carryFile({ source: cold, target: hot, from, to, ifMatch: etag, ifNoneMatch, signal })
}
