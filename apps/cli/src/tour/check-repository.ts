import type { Tour } from './tour.ts'
import { tourMount } from './tour.ts'

/** Checks journal, index and contents against each other. */
export async function checkRepository({ fs, cli, tell }: Tour): Promise<void> {
  const mounts = await fs.listMounts()
  cli.signal.throwIfAborted()
  await tell(`${mounts.length} mount.`, `nexus-fs fsck ${tourMount}`)
}
