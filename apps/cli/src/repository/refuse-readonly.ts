import type { RepositoryOptions } from '@nexus/core'
import { NexusError } from '@nexus/core/contract'

/** Ends care that writes before it begins, where the mount says read-only; the stores are closed then. @throws NexusError `read_only` */
export async function refuseReadonly({ readonly, journal }: RepositoryOptions, shownRoot: string): Promise<void> {
  if (readonly !== true) return
  await journal.close()
  throw new NexusError('read_only', { path: shownRoot, reason: 'It is mounted read-only, and this would change it. Name it by its URI, or mount it again without --readonly.' })
}
