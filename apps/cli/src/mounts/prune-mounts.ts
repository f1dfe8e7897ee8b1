import { forgetMounts, readMounts, type RememberedMount } from '@nexus/core'
import type { Cli } from '../cli.ts'
import { counted } from '../terminal/format.ts'
import { isGone, probeMount } from './probe-mount.ts'

/** How `mounts prune` is asked. */
export interface PruneOptions {
  readonly dryRun?: true | undefined
  readonly unavailable?: true | undefined
}

/** Forgets mounts whose directory is gone, and when asked those that cannot be opened now. */
export async function pruneMounts(cli: Cli, { dryRun, unavailable }: PruneOptions): Promise<void> {
  const pruned: RememberedMount[] = []
  for (const remembered of await readMounts()) {
    if (isGone(remembered) || (unavailable === true && (await probeMount(cli, remembered)).error !== undefined)) pruned.push(remembered)
  }
  if (dryRun !== true && pruned.length > 0) await forgetMounts(pruned.map(({ mountPoint }) => mountPoint), { signal: cli.signal })
  for (const { mountPoint, uri } of pruned) {
    await cli.out.line(cli.json ? JSON.stringify({ mountPoint, uri, pruned: dryRun !== true }) : `${dryRun === true ? 'Would forget' : 'Forgot'} ${mountPoint} (${cli.out.name(uri)}).`)
  }
  if (!cli.json && pruned.length === 0) await cli.out.line(`${counted((await readMounts()).length, 'mount')}, none to forget.`)
}
