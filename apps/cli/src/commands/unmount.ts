import { forgetMounts, NexusError, readMounts, type RememberedMount } from '@nexus/core'
import type { BuildCommand } from '../cli.ts'

/** `unmount`: forgets mounts. */
export const build: BuildCommand = (command, cli) => {
  command
    .argument('<MOUNT...>', 'mount points, names or URIs, as nexus-fs mounts list shows them')
    .addHelpText('after', `
What the mounts hold stays as it is.

Examples:
  nexus-fs unmount /local/data
  nexus-fs unmount photos`)
    .action(async (texts: readonly string[]) => {
      const remembered = await readMounts()
      const chosen = texts.map((text) => findMount(remembered, text))
      await forgetMounts(chosen.map(({ mountPoint }) => mountPoint), { signal: cli.signal })
      for (const { mountPoint, uri } of chosen) await cli.out.line(cli.json ? JSON.stringify({ mountPoint, uri, unmounted: true }) : `Unmounted ${mountPoint} (${cli.out.name(uri)}).`)
    })
}

function findMount(remembered: readonly RememberedMount[], text: string): RememberedMount {
  const place = text.length > 1 && text.endsWith('/') ? text.slice(0, -1) : text
  const found = remembered.filter(({ mountPoint, name, uri }) => mountPoint === place || name === text || uri === text)
  const [mount] = found
  if (mount !== undefined && found.length === 1) return mount
  const known = remembered.map(({ mountPoint }) => mountPoint).join(', ')
  const reason = found.length > 1 ? `Several mounts are called so: ${found.map(({ mountPoint }) => mountPoint).join(', ')}. Name the mount point.`
    : `No mount is called so. Mounted: ${known === '' ? 'nothing' : known}.`
  throw new NexusError(found.length > 1 ? 'invalid_argument' : 'mount_not_found', { op: 'unmount', path: text, reason })
}
