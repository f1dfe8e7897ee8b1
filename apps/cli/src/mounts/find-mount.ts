import { NexusError, type RememberedMount } from '@nexus/core'

/** The remembered mount that a person names by mount point, name or URI. @throws NexusError `mount_not_found`, `invalid_argument` when several are called so */
export function findMount(remembered: readonly RememberedMount[], text: string, op: string): RememberedMount {
  const place = text.length > 1 && text.endsWith('/') ? text.slice(0, -1) : text
  const found = remembered.filter(({ mountPoint, name, uri }) => mountPoint === place || name === text || uri === text)
  const [mount] = found
  if (mount !== undefined && found.length === 1) return mount
  const known = remembered.map(({ mountPoint }) => mountPoint).join(', ')
  const reason = found.length > 1 ? `Several mounts are called so: ${found.map(({ mountPoint }) => mountPoint).join(', ')}. Name the mount point.`
    : `No mount is called so. Mounted: ${known === '' ? 'nothing' : known}.`
  throw new NexusError(found.length > 1 ? 'invalid_argument' : 'mount_not_found', { op, path: text, reason })
}
