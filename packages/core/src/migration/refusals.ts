import type { Backend } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import { isWithin, type Path } from '../contract/paths.ts'
import type { MountInfo } from '../kernel/mount-info.ts'
import { holderOf } from '../tiering/tier-mounts.ts'
import type { MigrationLoss } from './migrate-options.ts'
import type { MigrationRecord } from './migration-record.ts'
import type { MigrationTarget, MigrationWorld } from './open-target.ts'

/** @throws NexusError `unsupported`, telling each of the losses */
export function refuseLosses(mountPoint: Path, losses: readonly MigrationLoss[]): void {
  if (losses.length === 0) return
  const told = losses.map(({ count, path, kind, reason }) => `${kind}${count === undefined ? '' : ` (${count}, the first is ${path ?? ''})`}: ${reason}`)
  throw new NexusError('unsupported', { op: 'migrate', path: mountPoint, reason: `Not everything can go along: ${told.join('; ')}. Pass allowLoss: true to migrate without it.` })
}

/** What stands in a storage that nobody migrates to is not ours to delete. @throws NexusError `not_empty` */
export async function refuseNotEmpty({ backend, to, record, target, signal }: { readonly backend: Backend; readonly to: Path; readonly record: MigrationRecord; readonly target: MigrationTarget; readonly signal: AbortSignal }): Promise<void> {
  if (record.isResumed && record.isOfSource) return
  for await (const { name } of backend.list(to, { limit: 1, fresh: true, signal })) {
    const reason = record.isResumed
      ? `A migration of another storage to ${target.uri} is not done; end that one first, or choose another place.`
      : `${target.uri} holds something already (${name}); a migration deletes nothing of others. Choose an empty place, or empty this one.`
    throw new NexusError('not_empty', { op: 'migrate', path: target.uri, reason })
  }
}

/** A change that comes back into the same mount would wait for itself. @throws NexusError `unsupported` */
export function refuseTiersWithin({ kernel, opening: { tiers } }: MigrationWorld, { mountPoint }: MountInfo): void {
  const isHere = (path: Path): boolean => isWithin(path, mountPoint) && holderOf(path, kernel.mounts())?.mountPoint === mountPoint
  const rule = tiers?.rules.find(({ paths, from, to }) => paths === 'keep' && isHere(from) && isHere(to))
  if (rule === undefined) return
  const reason = `Files of ${rule.from} may lie at ${rule.to}, in the same mount. Bring them back and forget the rule (nexus-fs tier --forget ${rule.from}), then migrate.`
  throw new NexusError('unsupported', { op: 'migrate', path: mountPoint, reason })
}
