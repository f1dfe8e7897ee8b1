import type { Backend, CallOptions, FileStat, Layer } from '../contract/backend.ts'
import { isNexusError, NexusError } from '../contract/errors.ts'
import { createCapacity } from './capacity.ts'
import { type Carriage, carryFile, withdraw } from './carry.ts'
import { coldSide, type ColdSideOptions } from './cold-side.ts'
import { find } from './find.ts'
import { createPathGuard } from './path-guard.ts'
import { hotCapabilities, type Tier } from './tier.ts'
import { tiered } from './tiered.ts'

/** A redirect of one directory: the layer that shows its files, and the means to move them behind it. */
export interface Redirect {
  /** Put on the mount that holds the directory, once. */
  readonly layer: Layer
  /** What the layer stands on. @throws NexusError `invalid_argument` before it was put on */
  tier(): Tier
  /**
   * Moves one file to the other storage, by its path in the layer's backend: copies, verifies, and deletes the first copy last.
   * @returns Whether it was moved; not when a caller changes it, or it is no longer in the state that is given
   * @throws NexusError `unsupported` when the other storage would lose something of it, and what copying fails with
   */
  demote(stat: FileStat, options?: CallOptions): Promise<boolean>
}

/** What a redirect is made of. */
export interface RedirectOptions extends ColdSideOptions {
  readonly capacityBytes?: number | undefined
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** A redirect that is not in use yet. */
export function createRedirect({ capacityBytes, now, ...place }: RedirectOptions): Redirect {
  let tier: Tier | undefined
  const { within } = place
  const toTier = (hot: Backend): Tier => {
    const capacity = capacityBytes === undefined ? undefined : createCapacity({ hot, within, capacityBytes, now })
    return (tier = { hot, cold: coldSide(place), within, guard: createPathGuard(), capacity })
  }
  const inUse = (): Tier => {
    if (tier !== undefined) return tier
    throw new NexusError('invalid_argument', { op: 'tier', path: within, reason: 'The redirect is on no mount yet.' })
  }
  return { layer: tiered(toTier), tier: inUse, demote: (stat, options = {}) => demote(inUse(), stat, options) }
}

async function demote(tier: Tier, stat: FileStat, { signal }: CallOptions): Promise<boolean> {
  const { path } = stat
  checkTaken(tier, stat)
  const isMoved = await tier.guard.move(path, { signal }, async (ended) => {
    const { hot, cold } = tier
    const copied = await copyUnchanged({ source: hot, target: cold, from: path, to: path, ifMatch: conditionOf(tier, stat), signal: ended })
    if (copied === undefined) return false
    ended.throwIfAborted()
    // From here on it is short. A failure leaves both copies: the first one, if it is still there, hides this one.
    if (await deleteFirst(tier, stat, signal)) return true
    // The first copy is newer, or somebody deleted the file: this one must not come to light.
    await withdraw(cold, path, { ifMatch: copied.etag })
    return false
  })
  if (isMoved === true) tier.capacity?.add(-(stat.sizeBytes ?? 0))
  return isMoved ?? false
}

/** @returns `undefined` when the file or its copy is somebody else's by now */
async function copyUnchanged(carriage: Carriage): Promise<FileStat | undefined> {
  try {
    return await carryFile(carriage)
  } catch (error) {
    if (isNexusError(error, 'not_found') || isNexusError(error, 'precondition_failed')) return undefined
    throw error
  }
}

function conditionOf(tier: Tier, { path, etag }: FileStat): string | undefined {
  return hotCapabilities(tier, path).ifMatch === false ? undefined : etag
}

/**
 * Deletes the first copy as it was copied. Whoever deletes the file elsewhere at this moment looks for the other copy afterwards; so what is gone between
 * looking and deleting went by our own request, whose answer was lost and which was repeated below.
 * @returns Whether it still was in that state
 */
async function deleteFirst(tier: Tier, stat: FileStat, signal: AbortSignal | undefined): Promise<boolean> {
  const { hot } = tier
  const now = await find(hot, stat.path, { fresh: true, signal })
  if (now?.etag !== stat.etag) return false
  try {
    await hot.delete(stat.path, { ifMatch: conditionOf(tier, stat), force: true, signal })
    return true
  } catch (error) {
    if (isNexusError(error, 'precondition_failed')) return (await find(hot, stat.path, { fresh: true, signal })) === undefined
    throw error
  }
}

/** @throws NexusError `read_only`, `unsupported`: nothing of the file may be lost on the way, and what it could do it can do still */
function checkTaken(tier: Tier, { path, sizeBytes, metadata }: FileStat): void {
  const [here, there] = [hotCapabilities(tier, path), tier.cold.capabilities()]
  const refuse = (what: string): never => {
    throw new NexusError('unsupported', { op: 'tier', path, reason: `The storage behind the redirect cannot ${what}; choose another target.` })
  }
  if (there.readonly) throw new NexusError('read_only', { op: 'tier', path, reason: 'The storage behind the redirect is read-only; choose another target.' })
  if (there.fidelity === 'rendered' || here.fidelity === 'rendered') refuse('keep the bytes of documents as they are')
  if (here.ranges && !there.ranges) refuse('read ranges')
  if (there.ifMatch === false) refuse('check ifMatch, without which a stale copy could not be told from a new one')
  if (!there.metadata && Object.keys(metadata).length > 0) refuse('keep the metadata that the file has')
  if (sizeBytes !== undefined && there.maxSizeBytes !== undefined && sizeBytes > there.maxSizeBytes) refuse(`keep ${sizeBytes} bytes in a file`)
}

