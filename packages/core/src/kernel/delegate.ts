import type { Backend, CallOptions, FileVersion, Match, PresignOptions, SearchOptions, Snapshot, Usage } from '../contract/backend.ts'
import type { Path } from '../contract/paths.ts'
import { checkWritable } from './check-options.ts'
import { iterate } from './iterate.ts'
import { findNode, type KernelContext, locate, perform, type Place, placeAt, requireVerb } from './place.ts'
import { toldIn } from './relocate.ts'

/** Versions of a file, from its mount. */
export async function* versions(context: KernelContext, path: Path, options?: CallOptions): AsyncGenerator<FileVersion> {
  const place = locate(context, { op: 'versions', path }, options)
  requireVerb(place, 'versions', 'keep versions')
  const run = (_backend: Backend, inner: Path, given: CallOptions): AsyncIterable<FileVersion> => place.mount.backend.versions(inner, given)
  yield* iterate({ place, options, run })
}

/** Names the state of a directory, in its mount. */
export async function snapshot(
  context: KernelContext,
  path: Path,
  { name, options }: { readonly name: string; readonly options: CallOptions | undefined },
): Promise<Snapshot> {
  const place = locate(context, { op: 'snapshot', path }, options)
  checkWritable(place)
  requireVerb(place, 'snapshot', 'keep snapshots')
  const run = (_backend: Backend, inner: Path, given: CallOptions): Promise<Snapshot> => place.mount.backend.snapshot(inner, name, given)
  return toldIn(place.mount, await perform(place, options, run))
}

/** Snapshots of a directory, from its mount. */
export async function* snapshots(context: KernelContext, path: Path, options?: CallOptions): AsyncGenerator<Snapshot> {
  const place = locate(context, { op: 'snapshots', path }, options)
  requireVerb(place, 'snapshots', 'keep snapshots')
  const run = (_backend: Backend, inner: Path, given: CallOptions): AsyncIterable<Snapshot> => place.mount.backend.snapshots(inner, given)
  yield* iterate({ place, options, run })
}

/** Lets a named state go, in its mount. */
export async function deleteSnapshot(
  context: KernelContext,
  path: Path,
  { name, options }: { readonly name: string; readonly options: CallOptions | undefined },
): Promise<void> {
  const place = locate(context, { op: 'deleteSnapshot', path }, options)
  checkWritable(place)
  requireVerb(place, 'deleteSnapshot', 'keep snapshots')
  const run = (_backend: Backend, inner: Path, given: CallOptions): Promise<void> => place.mount.backend.deleteSnapshot(inner, name, given)
  return perform(place, options, run)
}

/** Searches where the mount can search by itself. */
export async function* search(
  context: KernelContext,
  path: Path,
  { query, options }: { readonly query: string; readonly options: SearchOptions | undefined },
): AsyncGenerator<Match> {
  const place = locate(context, { op: 'search', path }, options)
  requireVerb(place, 'search', 'search')
  const run = (_backend: Backend, inner: Path, given: SearchOptions): AsyncIterable<Match> => place.mount.backend.search(inner, query, given)
  yield* iterate({ place, options, run })
}

/** A URL that stands for one call, from its mount. */
export async function presign(context: KernelContext, path: Path, options: PresignOptions): Promise<URL> {
  const place = locate(context, { op: 'presign', path }, options)
  if (options.method === 'PUT') checkWritable(place)
  requireVerb(place, 'presign', 'presign')
  const run = (_backend: Backend, inner: Path, given: PresignOptions): Promise<URL> => place.mount.backend.presign(inner, given)
  return perform(place, options, run)
}

/** What a tree takes, in the mount that answers there; above all mounts, what the mounts below take together. */
export async function usage(context: KernelContext, path: Path, options?: CallOptions): Promise<Usage> {
  const call = { op: 'usage', path }
  const node = findNode(context, call, options)
  if (node.winner !== undefined || node.reachable === 0 || node.path !== path) return usageAt(placeAt(node, call), options)
  const all = await Promise.all(
    [...node.children.values()]
      .filter(({ reachable, mount }) => reachable > 0 && mount?.hidden !== true)
      .map((child) => usage(context, child.path, options)),
  )
  return all.reduce(add, { files: 0, directories: 0, logicalBytes: 0, storedBytes: 0 })
}

function usageAt(place: Place, options: CallOptions | undefined): Promise<Usage> {
  requireVerb(place, 'usage', 'tell its usage')
  return perform(place, options, (_backend: Backend, inner: Path, given: CallOptions) => place.mount.backend.usage(inner, given))
}

/** A directory above mounts counts as one, like the mount points in it. */
function add(left: Usage, right: Usage): Usage {
  const storedBytes = left.storedBytes === undefined || right.storedBytes === undefined ? undefined : left.storedBytes + right.storedBytes
  return {
    files: left.files + right.files,
    directories: left.directories + right.directories + 1,
    logicalBytes: left.logicalBytes + right.logicalBytes,
    storedBytes,
  }
}
