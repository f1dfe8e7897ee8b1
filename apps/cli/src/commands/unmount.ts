import { forgetMounts, readMounts } from '@nexus/core'
import type { BuildCommand } from '../cli.ts'
import { findMount } from '../mounts/find-mount.ts'

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
      const chosen = texts.map((text) => findMount(remembered, text, 'unmount'))
      await forgetMounts(chosen.map(({ mountPoint }) => mountPoint), { signal: cli.signal })
      for (const { mountPoint, uri } of chosen) await cli.out.line(cli.json ? JSON.stringify({ mountPoint, uri, unmounted: true }) : `Unmounted ${mountPoint} (${cli.out.name(uri)}).`)
    })
}
