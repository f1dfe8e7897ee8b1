import type { Kernel } from '../kernel/kernel.ts'
import type { OpenTiersOptions } from '../tiering/open-tiers.ts'
import type { Tiers } from '../tiering/tiers.ts'

/** The tier rules of a filesystem; loaded only where there are any. @throws NexusError `invalid_config`, see `openTiers` */
export async function tiersOf(kernel: Kernel, options: OpenTiersOptions): Promise<Tiers | undefined> {
  if (options.rules.length === 0) return undefined
  const { openTiers } = await import('../tiering/open-tiers.ts')
  return openTiers(kernel, options)
}
