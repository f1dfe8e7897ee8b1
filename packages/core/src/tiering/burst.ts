import type { Body, FileStat, WriteOptions } from '../contract/backend.ts'
import { isNexusError } from '../contract/errors.ts'
import { isWithin, parentPath, type Path } from '../contract/paths.ts'
import { find } from './find.ts'
import { hotCapabilities, refuse, type Tier } from './tier.ts'

/** A file that is to be written, and what the other storage has under its name. */
export interface NewFile {
  readonly path: Path
  readonly body: Body
  readonly options: WriteOptions
  readonly cold: FileStat | undefined
}

/** Whether a file goes to the other storage at once: the first one is full, has no file of that name, and the other one loses nothing of it. */
export async function isBurst(tier: Tier, { path, options, cold }: NewFile): Promise<boolean> {
  const { capacity, within } = tier
  if (capacity === undefined || !isWithin(path, within) || !(await capacity.isFull(options)) || !canTake(tier, options)) return false
  if (options.ifMatch !== undefined) return options.ifMatch === cold?.etag
  return (await find(tier.hot, path, { signal: options.signal })) === undefined
}

/** Whether the other storage keeps what is said of the file. */
function canTake({ cold }: Tier, { metadata = {} }: WriteOptions): boolean {
  const { metadata: keepsMetadata, readonly, fidelity } = cold.capabilities()
  return !readonly && fidelity === 'bytes' && (keepsMetadata || Object.keys(metadata).length === 0)
}

/** Writes to the other storage. */
export async function burst(tier: Tier, { path, body, options, cold }: NewFile): Promise<FileStat> {
  const given = { ...options, sizeBytes: options.sizeBytes ?? (body instanceof Uint8Array ? body.length : undefined) }
  const parent = parentPath(path)
  // A directory that the first storage would have kept stays when its last file goes, so it stands there.
  if (hotCapabilities(tier, parent).emptyDirectories && !tier.cold.capabilities().emptyDirectories && parent !== '/')
    await tier.hot.mkdir(parent, { recursive: true, signal: options.signal })
  const conditions = tier.cold.capabilities()
  if ((given.ifMatch !== undefined && conditions.ifMatch === false) || (given.ifNoneMatch !== undefined && conditions.ifNoneMatch === false))
    refuse('unsupported', { op: 'write', path }, 'The first storage is full, and the one behind it checks no conditions; free some space.')
  if (cold !== undefined && given.ifNoneMatch !== undefined) refuse('precondition_failed', { op: 'write', path })
  return tier.cold.write(path, body, given)
}

/** Writes to the first storage; when that is full and the body can be given again, to the other one. */
export async function writeOrBurst(tier: Tier, file: NewFile, writeHot: () => Promise<FileStat>): Promise<FileStat> {
  try {
    return await writeHot()
  } catch (error) {
    if (tier.capacity === undefined || !isNexusError(error, 'no_space')) throw error
    tier.capacity.tellFull()
    // A stream was read already; its caller, who is told, may give it again, and it then goes to the other storage at once.
    if (!(file.body instanceof Uint8Array) || !(await isBurst(tier, file))) throw error
    return burst(tier, file)
  }
}
