import type { Body, FileStat, MkdirOptions, WriteOptions } from '../contract/backend.ts'
import { isNexusError } from '../contract/errors.ts'
import { parentPath, type Path } from '../contract/paths.ts'
import { burst, isBurst, type NewFile, writeOrBurst } from './burst.ts'
import { withdraw } from './carry.ts'
import { fromTierEtag } from './etags.ts'
import { find } from './find.ts'
import { checkParents, coldTarget, hotCapabilities, hotCondition, refuse, type Tier, toldHot } from './tier.ts'

/** Writes to the first storage, which hides what the other one has, and then removes that; to the other one while the first is full. */
export async function write(tier: Tier, path: Path, { body, options }: { readonly body: Body; readonly options: WriteOptions }): Promise<FileStat> {
  return await tier.guard.change([path], async () => {
    const begin = await prepare(tier, path, { body, options }).catch(async (error: unknown) => {
      // Whoever makes the body waits for somebody to take it.
      if (body instanceof ReadableStream) await body.cancel(error)
      throw error
    })
    return await begin()
  })
}

/** Checks what can be checked before the body is touched. @returns Writes it, where it belongs */
async function prepare(tier: Tier, path: Path, { body, options }: { readonly body: Body; readonly options: WriteOptions }): Promise<() => Promise<FileStat>> {
  const cold = await coldTarget(tier, { op: 'write', path }, options).catch((error: unknown) => refuseExisting(error, { path, options }))
  const file = { path, body, options, cold }
  if (await isBurst(tier, file)) return () => burst(tier, file)
  const given = hotOptions(tier, file)
  return () => writeOrBurst(tier, file, () => writeHot(tier, file, given))
}

/** Never to replace anything is broken by a directory too, and is then told as such. */
function refuseExisting(error: unknown, { path, options }: { readonly path: Path; readonly options: WriteOptions }): never {
  if (isNexusError(error, 'is_directory') && options.ifNoneMatch !== undefined) return refuse('precondition_failed', { op: 'write', path })
  throw error
}

async function writeHot(tier: Tier, { path, body, cold, options }: NewFile, given: WriteOptions): Promise<FileStat> {
  const written = await tier.hot.write(path, body, given)
  tier.capacity?.add(written.sizeBytes ?? 0)
  await dropStale(tier, cold, options)
  return toldHot(tier, written)
}

/**
 * Conditions as the first storage can check them: a file that lies in the other one is replaced only if nothing comes to stand in the first one before.
 * @throws NexusError `precondition_failed`
 */
function hotOptions(tier: Tier, { path, options, cold }: NewFile): WriteOptions {
  const call = { op: 'write', path }
  const { ifMatch, ifNoneMatch } = options
  if (ifNoneMatch !== undefined && cold !== undefined) refuse('precondition_failed', call)
  if (ifMatch === undefined) return options
  if (fromTierEtag('cold', ifMatch) === undefined) return { ...options, ifMatch: hotCondition(tier, call, ifMatch) }
  if (ifMatch !== cold?.etag) refuse('precondition_failed', call)
  const { ifMatch: _, ...rest } = options
  return { ...rest, ifNoneMatch: '*' }
}

/**
 * Removes what the first storage hides now. It is hidden for good (whoever deletes the file deletes this copy first), so that a failure here is no
 * failure of what was done; and it goes only as it was seen before, because a tier run elsewhere may have put the newest state there since.
 */
export async function dropStale(tier: Tier, cold: FileStat | undefined, options: { readonly signal?: AbortSignal | undefined }): Promise<void> {
  if (cold?.kind !== 'file' || tier.cold.capabilities().ifMatch === false) return
  try {
    await withdraw(tier.cold, cold.path, { ifMatch: cold.etag, signal: options.signal })
  } catch (error) {
    if (!isNexusError(error) && error !== options.signal?.reason) throw error
  }
}

/** Makes a directory in the first storage, also below one that only the other storage has. */
export async function mkdir(tier: Tier, path: Path, options: MkdirOptions = {}): Promise<void> {
  const { hot, guard } = tier
  if (!hotCapabilities(tier, path).emptyDirectories) return hot.mkdir(path, options)
  const call = { op: 'mkdir', path }
  const given = { signal: options.signal }
  await guard.change([path], async () => {
    const cold = await find(tier.cold, path, given)
    if (cold?.kind === 'file' || (cold !== undefined && options.recursive !== true)) refuse('already_exists', call)
    if (cold === undefined) await checkParents(tier, call, given)
    const isParentElsewhere = options.recursive !== true && (await isDirectoryElsewhere(tier, parentPath(path), given))
    await hot.mkdir(path, isParentElsewhere ? { ...options, recursive: true } : options)
  })
}

async function isDirectoryElsewhere(tier: Tier, path: Path, options: { readonly signal: AbortSignal | undefined }): Promise<boolean> {
  if (path === '/' || (await find(tier.hot, path, options)) !== undefined) return false
  return (await find(tier.cold, path, options)) !== undefined
}
