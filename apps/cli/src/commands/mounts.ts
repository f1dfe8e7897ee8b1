import { readMounts } from '@nexus/core'
import type { BuildCommand, Cli } from '../cli.ts'
import { formatTable } from '../terminal/table.ts'

/** `mounts list|test|prune`. */
export const build: BuildCommand = (command, cli) => {
  command.usage('list|test|prune [OPTION]...').addHelpText('after', `
Examples:
  nexus-fs mounts list              opens nothing
  nexus-fs mounts list --check      opens each mount and asks it one question; so does mounts test
  nexus-fs mounts prune --dry-run   which mounts are gone`)
  command.command('list', { isDefault: true }).summary('show what is remembered').description('Show the remembered mounts; none is opened unless --check.')
    .option('--check', 'open each mount and tell whether and how fast it answers')
    .action(async ({ check }: { readonly check?: true }) => {
      if (check === true) await test(cli)
      else await listMounts(cli)
    })
  command.command('test').summary('open each mount and look at it').description('Open each mount and look at its root; the same as list --check.')
    .action(async () => {
      await test(cli)
    })
  command.command('prune').summary('forget mounts whose directory is gone').description('Forget mounts whose directory is gone.')
    .option('-n, --dry-run', 'show them and forget nothing')
    .option('--unavailable', 'also those that cannot be opened now')
    .action(async (options: { readonly dryRun?: true; readonly unavailable?: true }) => {
      const { pruneMounts } = await import('../mounts/prune-mounts.ts')
      await pruneMounts(cli, options)
    })
}

async function test(cli: Cli): Promise<void> {
  const { testMounts } = await import('../mounts/test-mounts.ts')
  await testMounts(cli)
}

async function listMounts({ out, err, json }: Cli): Promise<void> {
  const remembered = await readMounts()
  if (json) {
    for (const mount of remembered) await out.line(JSON.stringify(mount))
    return
  }
  if (remembered.length === 0) {
    await err.line('Nothing is mounted yet. Try: nexus-fs mount local://./data')
    return
  }
  const rows = remembered.map(({ mountPoint, name, uri, readonly, priority }) => [
    out.paint('blue', out.name(mountPoint)), out.name(name ?? '-'), readonly === true ? 'yes' : 'no', String(priority ?? 0), out.name(uri),
  ])
  const columns = [{ title: 'MOUNT POINT' }, { title: 'NAME' }, { title: 'READ-ONLY' }, { title: 'PRIORITY', align: 'right' as const }, { title: 'URI' }]
  for (const line of formatTable(columns, rows)) await out.line(line)
  for (const { from, to } of remembered.flatMap(({ tiers = [] }) => tiers)) await out.line(out.name(`Files of ${from} may lie at ${to} and keep their paths.`))
}
