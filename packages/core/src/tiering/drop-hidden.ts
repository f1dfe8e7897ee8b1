import type { FileStat } from '../contract/backend.ts'
import { isNexusError } from '../contract/errors.ts'
import { type Compared, digestOfContent, holdSameBytes } from '../kernel/digested-body.ts'
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
  const compared = (storage: Pick<Tier['hot'], 'read'>, stat: FileStat): Compared => ({
    stat,
    digestBy: async (algorithm) => {
      await using content = await storage.read(stat.path, { fresh: true, signal })
      return await digestOfContent(content, algorithm)
    },
  })
  try {
    return await holdSameBytes(compared(tier.hot, hot), compared(tier.cold, cold))
  } catch (error) {
    // Somebody is at it; what is left of it is looked at afterwards.
    if (isNexusError(error, 'not_found') || isNexusError(error, 'precondition_failed')) return true
    throw error
  }
}
