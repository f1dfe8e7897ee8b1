import { joinPath, type Path, pathSegments, rootPath } from '../contract/paths.ts'
import { refuseCollision, refuseShadow } from './shadow-guard.ts'

/** What the table must know of a mount. */
export interface Mountable {
  readonly mountPoint: Path
  readonly priority: number
  /** The kernel's own: routed to, but neither listed nor counted as a mount. */
  readonly hidden: boolean
  /** How messages call it: its URI, else its place. */
  readonly label: string
}

/** A path component that a mount point has. Nodes without a mount at or below them do not stay. */
export interface MountNode<M extends Mountable> {
  readonly path: Path
  readonly name: string
  readonly parent: MountNode<M> | undefined
  readonly children: Map<string, MountNode<M>>
  mount: M | undefined
  /** Who answers here and at everything below that has no node: priority first, then length. Cached, so that routing only walks. */
  winner: M | undefined
  /** Number of mounts at or below that are listed and not buried: above zero, this is a directory. */
  reachable: number
}

/** A trie over path components: a lookup costs the depth of the path, however many mounts there are. */
export interface MountTable<M extends Mountable> {
  readonly root: MountNode<M>
  /** The deepest node on the way to `path`; its `winner` answers there. */
  find(path: Path): MountNode<M>
  /** @throws NexusError `mount_collision`: something stands there, would be buried, or would bury this one (unless `allowShadow`) */
  add(mount: M, options?: { readonly allowShadow?: boolean | undefined }): void
  remove(mount: M): void
  /** Puts another one in the place of one that stands; both have one mount point and one priority. */
  replace(mount: M, by: M): void
  /** How many nodes all lookups have visited. */
  visitedNodes(): number
}

/** An empty table. */
export function createMountTable<M extends Mountable>(): MountTable<M> {
  const root: MountNode<M> = { path: rootPath, name: '', parent: undefined, children: new Map(), mount: undefined, winner: undefined, reachable: 0 }
  let visited = 0
  const find = (path: Path): MountNode<M> => {
    let node = root
    let start = 1
    visited++
    while (start < path.length && node.children.size > 0) {
      const slash = path.indexOf('/', start)
      const end = slash === -1 ? path.length : slash
      const child = node.children.get(path.slice(start, end))
      if (child === undefined) break
      node = child
      visited++
      start = end + 1
    }
    return node
  }
  return {
    root,
    find,
    add: (mount, { allowShadow = false } = {}) => {
      const standing = find(mount.mountPoint)
      refuseCollision(standing, mount)
      if (!allowShadow) refuseShadow(standing, mount)
      const node = grow(standing, mount.mountPoint)
      node.mount = mount
      settle(node)
    },
    remove: (mount) => {
      const node = find(mount.mountPoint)
      if (node.mount !== mount) return
      node.mount = undefined
      settle(node)
      prune(node)
    },
    replace: (mount, by) => {
      const node = find(mount.mountPoint)
      if (node.mount !== mount) return
      node.mount = by
      settle(node)
    },
    visitedNodes: () => visited,
  }
}

/** Whether a node stands for `path` itself and not for an ancestor. */
export function isExact<M extends Mountable>(node: MountNode<M>, path: Path): boolean {
  return node.path.length === path.length
}

function grow<M extends Mountable>(from: MountNode<M>, mountPoint: Path): MountNode<M> {
  let node = from
  for (const name of pathSegments(mountPoint).slice(pathSegments(from.path).length)) {
    const path = joinPath(node.path, name)
    const child: MountNode<M> = { path, name, parent: node, children: new Map(), mount: undefined, winner: node.winner, reachable: 0 }
    node.children.set(name, child)
    node = child
  }
  return node
}

/** Computes again what is cached: below the node because who wins has changed, above it because the count has. */
function settle<M extends Mountable>(node: MountNode<M>): void {
  const before = counted(node)
  settleBelow(node)
  const difference = counted(node) - before
  for (let above = node.parent; difference !== 0 && above !== undefined; above = above.parent) above.reachable += difference
}

function settleBelow<M extends Mountable>(node: MountNode<M>): void {
  const above = node.parent?.winner
  node.winner = node.mount !== undefined && (above === undefined || node.mount.priority >= above.priority) ? node.mount : above
  let reachable = node.mount !== undefined && node.winner === node.mount ? 1 : 0
  for (const child of node.children.values()) {
    settleBelow(child)
    reachable += counted(child)
  }
  node.reachable = reachable
}

/** What a node adds to its parent: the kernel's own mounts make no directory above them. */
function counted<M extends Mountable>(node: MountNode<M>): number {
  return node.mount?.hidden === true ? 0 : node.reachable
}

function prune<M extends Mountable>(from: MountNode<M>): void {
  for (let node = from; node.parent !== undefined && node.mount === undefined && node.children.size === 0; node = node.parent) {
    node.parent.children.delete(node.name)
  }
}
