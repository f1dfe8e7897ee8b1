import { type CachedScope, clearCaches, inspectCaches, NexusError, readMounts, stateDirectory, storageLabel } from '@nexus/core'
import type { BuildCommand, Cli } from '../cli.ts'
import { counted, formatBytes, formatCount } from '../terminal/format.ts'
import { formatTable } from '../terminal/table.ts'

/** `cache stats|clear`: what this machine remembers of storage that is far away. */
export const build: BuildCommand = (command, cli) => {
  command.usage('stats|clear [OPTION]... [MOUNT]...').addHelpText('after', `
Nothing is lost by clearing: what is remembered is asked for again. Other processes see it at once.

Examples:
  nexus-fs cache stats
  nexus-fs cache clear /s3/my-bucket`)
  command.command('stats', { isDefault: true }).summary('show what is remembered, by storage').description('Show what this machine remembers, by storage; nothing is opened.')
    .action(async () => {
      await showStats(cli)
    })
  command.command('clear').summary('forget what is remembered').description('Forget what this machine remembers, of the given mounts or of everything.')
    .argument('[MOUNT...]', 'mount points or URIs; default everything')
    .action(async (mounts: readonly string[]) => {
      await clear(cli, mounts)
    })
}

async function showStats({ out, json }: Cli): Promise<void> {
  const scopes = await inspectCaches(stateDirectory())
  if (json) {
    for (const scope of scopes) await out.line(JSON.stringify(scope))
    return
  }
  if (scopes.length === 0) {
    await out.line('Nothing is remembered.')
    return
  }
  const rows = scopes.map((scope) => [
    ...[scope.stats, scope.listings, scope.listingEntries, scope.hits, scope.misses, scope.blocks].map(formatCount),
    formatBytes(scope.contentBytes), out.name(scope.labels[0] ?? scope.scope),
  ])
  const right = ['STATS', 'LISTINGS', 'ENTRIES', 'HITS', 'MISSES', 'BLOCKS', 'CONTENT'].map((title) => ({ title, align: 'right' as const }))
  for (const line of formatTable([...right, { title: 'STORAGE' }], rows)) await out.line(line)
}

async function clear({ out, json }: Cli, mounts: readonly string[]): Promise<void> {
  const scopes = await inspectCaches(stateDirectory())
  const chosen = mounts.length === 0 ? scopes : (await Promise.all(mounts.map((mount) => scopesOf(mount, scopes)))).flat()
  await clearCaches(stateDirectory(), chosen.map(({ scope }) => scope))
  const bytes = chosen.reduce((sum, { contentBytes }) => sum + contentBytes, 0)
  if (json) await out.line(JSON.stringify({ cleared: chosen.map(({ scope }) => scope), contentBytes: bytes }))
  else await out.line(`Forgot what was remembered of ${counted(chosen.length, 'storage', 'storages')}, ${formatBytes(bytes)} of contents.`)
}

/** @throws NexusError `mount_not_found` for a mount point that nothing is remembered to be mounted at */
async function scopesOf(mount: string, scopes: readonly CachedScope[]): Promise<readonly CachedScope[]> {
  const known = (await readMounts()).find(({ mountPoint, uri }) => mountPoint === mount.replace(/(?<=.)\/$/, '') || uri === mount)
  const uri = known?.uri ?? (mount.includes('://') ? mount : undefined)
  if (uri === undefined) throw new NexusError('mount_not_found', { op: 'cache', path: mount })
  const label = storageLabel({ uri, options: known?.options })
  return scopes.filter(({ labels }) => label !== undefined && labels.includes(label))
}
