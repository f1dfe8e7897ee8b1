import type { FileStat } from '../contract/backend.ts'
import { isNexusError } from '../contract/errors.ts'
import { type DigestAlgorithm, digestAlgorithm } from '../kernel/digester.ts'
import { digestOfContent } from '../kernel/digested-body.ts'
import { withdraw } from './carry.ts'
import type { Tier } from './tier.ts'

/** A file of the first storage that is about to go, and what the other one had under its name before that was looked at. */
interface Hidden {
  readonly hot: FileStat
  readonly cold: FileStat | undefined
  readonly signal: AbortSignal | undefined
}

/**
 * Takes away what the first storage hides before that goes, or older content would come to light; only as it was seen. A copy of the same bytes stays until
 * afterwards: it may come of a tier run in another process, and be the only one by now.
 */
export async function dropHidden(tier: Tier, { hot, cold, signal }: Hidden): Promise<void> {
  if (cold?.kind !== 'file') return
  // No run moves anything to storage that checks no conditions.
  if (tier.cold.capabilities().ifMatch === false) return tier.cold.delete(cold.path, { force: true, signal })
  if (!(await isCopy(tier, { hot, cold, signal }))) await withdraw(tier.cold, cold.path, { ifMatch: cold.etag, signal })
}

async function isCopy(tier: Tier, { hot, cold, signal }: Hidden & { readonly cold: FileStat }): Promise<boolean> {
  if (hot.sizeBytes !== undefined && cold.sizeBytes !== undefined && hot.sizeBytes !== cold.sizeBytes) return false
  const algorithm = digestAlgorithm(hot.digest) ?? digestAlgorithm(cold.digest) ?? 'blake3'
  const digestOf = (side: 'hot' | 'cold', stat: FileStat): Promise<string> =>
    stat.digest !== undefined && digestAlgorithm(stat.digest) === algorithm ? Promise.resolve(stat.digest) : readDigest(tier[side], stat, { algorithm, signal })
  try {
    return (await digestOf('hot', hot)) === (await digestOf('cold', cold))
  } catch (error) {
    // Somebody is at it; what is left of it is looked at afterwards.
    if (isNexusError(error, 'not_found') || isNexusError(error, 'precondition_failed')) return true
    throw error
  }
}

async function readDigest(
  storage: Pick<Tier['hot'], 'read'>,
  { path }: FileStat,
  { algorithm, signal }: { readonly algorithm: DigestAlgorithm; readonly signal: AbortSignal | undefined },
): Promise<string> {
  await using content = await storage.read(path, { fresh: true, signal })
  return await digestOfContent(content, algorithm)
}
