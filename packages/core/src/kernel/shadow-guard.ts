import { NexusError } from '../contract/errors.ts'
import { isExact, type Mountable, type MountNode } from './mount-table.ts'

/** @throws NexusError `mount_collision` when something stands at the mount's place */
export function refuseCollision<M extends Mountable>(node: MountNode<M>, mount: M): void {
  if (node.mount === undefined || !isExact(node, mount.mountPoint)) return
  const reason = `${node.mount.label} is mounted there already, so ${mount.label} cannot be; choose another place with \`at\`, or unmount the first.`
  throw new NexusError('mount_collision', { op: 'mount', path: mount.mountPoint, reason })
}

/**
 * A mount is reachable if no ancestor has a higher priority; that must hold for the new one and go on holding for those below it.
 * @throws NexusError `mount_collision`
 */
export function refuseShadow<M extends Mountable>(nearest: MountNode<M>, mount: M): void {
  const above = nearest.winner
  if (above !== undefined && above.priority > mount.priority) refusePair(mount, { by: above, buried: mount })
  if (!isExact(nearest, mount.mountPoint)) return
  for (const below of mountsBelow(nearest)) {
    if (below.priority < mount.priority) refusePair(mount, { by: mount, buried: below })
  }
}

function refusePair<M extends Mountable>(mount: M, { by, buried }: { readonly by: M; readonly buried: M }): never {
  const reason =
    `${by.label} (priority ${by.priority}, at ${by.mountPoint}) would bury ${buried.label} (priority ${buried.priority}, at ${buried.mountPoint}), ` +
    'because priority wins over length; give the lower mount at least the same priority, or pass allowShadow: true.'
  throw new NexusError('mount_collision', { op: 'mount', path: mount.mountPoint, reason })
}

/** Mounts strictly below a node that are not buried already. */
function* mountsBelow<M extends Mountable>(node: MountNode<M>): Generator<M> {
  for (const child of node.children.values()) {
    if (child.mount !== undefined && child.winner === child.mount) yield child.mount
    yield* mountsBelow(child)
  }
}
