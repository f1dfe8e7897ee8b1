import type { Backend, CallOptions, Capabilities, FileStat } from '../contract/backend.ts'
import { type ErrorCode, NexusError } from '../contract/errors.ts'
import { isWithin, parentPath, type Path } from '../contract/paths.ts'
import type { Capacity } from './capacity.ts'
import type { ColdSide } from './cold-side.ts'
import { fromTierEtag, toTierEtag } from './etags.ts'
import { find } from './find.ts'
import type { PathGuard } from './path-guard.ts'

/** What the verbs of a redirect share. */
export interface Tier {
  /** Where new files go, and where every file is looked for first. */
  readonly hot: Backend
  readonly cold: ColdSide
  /** The redirected directory, as `hot` knows it. */
  readonly within: Path
  readonly guard: PathGuard
  readonly capacity?: Capacity | undefined
}

/** A call as failures name it. */
export interface TierCall {
  readonly op: string
  readonly path: Path
}

/** What is known of a path on both sides. */
export interface BothSides {
  readonly hot: FileStat | undefined
  readonly cold: FileStat | undefined
}

/** Whether the other storage has a say at a path: below the redirected directory, and above it. */
export function concernsTier({ within }: Pick<Tier, 'within'>, path: Path): boolean {
  return isWithin(path, within) || isWithin(within, path)
}

/** What the first storage says, as the redirect tells it. */
export function toldHot<T extends { readonly path: Path; readonly etag?: string | undefined }>({ within }: Pick<Tier, 'within'>, given: T): T {
  if (!isWithin(given.path, within)) return given
  const { version: _, ...rest } = given as T & { readonly version?: string }
  return { ...rest, ...(given.etag === undefined ? {} : { etag: toTierEtag('hot', given.etag) }) } as unknown as T
}

/** The first storage's own condition. @throws NexusError `precondition_failed` when the etag is not one of its */
export function hotCondition({ within }: Tier, call: TierCall, etag: string | undefined): string | undefined {
  if (etag === undefined || !isWithin(call.path, within)) return etag
  return fromTierEtag('hot', etag) ?? refuse('precondition_failed', call)
}

/**
 * Looks at the other storage before the first one, so that what is seen there is no copy of a later state; and again where the first one has nothing, because
 * a run in another process may have taken the file there in between.
 */
export async function findBoth(tier: Tier, path: Path, { signal }: CallOptions): Promise<BothSides> {
  const before = await find(tier.cold, path, { fresh: true, signal })
  const hot = await find(tier.hot, path, { signal })
  return { hot, cold: hot === undefined && before === undefined ? await find(tier.cold, path, { fresh: true, signal }) : before }
}

/**
 * The file that the other storage has where one is to be written.
 * @throws NexusError `is_directory`, `not_directory` (it has a file where a parent should be)
 */
export async function coldTarget(tier: Tier, call: TierCall, options: CallOptions | undefined): Promise<FileStat | undefined> {
  const given = { signal: options?.signal }
  const cold = await find(tier.cold, call.path, given)
  if (cold?.kind === 'directory') return refuse('is_directory', call)
  if (cold === undefined) await checkParents(tier, call, given)
  return cold
}

/** @throws NexusError `not_directory` when a parent is a file that lies in the other storage */
export async function checkParents(tier: Tier, call: TierCall, options: CallOptions): Promise<void> {
  for (let parent = parentPath(call.path); parent !== '/' && concernsTier(tier, parent); parent = parentPath(parent)) {
    // What stands in the first storage answers for itself.
    if ((await find(tier.hot, parent, options)) !== undefined) return
    const cold = await find(tier.cold, parent, options)
    if (cold?.kind === 'directory') return
    if (cold !== undefined) refuse('not_directory', call)
  }
}

/** @throws NexusError of the code, about the call */
export function refuse(code: ErrorCode, { op, path }: TierCall, reason?: string): never {
  throw new NexusError(code, { op, path, reason })
}

/** What the first storage can do at a path. */
export function hotCapabilities({ hot }: Pick<Tier, 'hot'>, path: Path): Capabilities {
  return hot.capabilitiesAt?.(path) ?? hot.capabilities
}
