import type { Backend, BatchOperation, CallOptions, FileStat } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import { type Path, relativePath } from '../contract/paths.ts'
import { checkSize, checkVariants, checkWritable } from './check-options.ts'
import { refuseMounts } from './delete.ts'
import { capabilitiesOf, type KernelContext, locate, perform, type Place, refuseUnsupported, requireVerb } from './place.ts'
import { toldIn } from './relocate.ts'

/** All steps happen, in order, or none does; so all must lie in one mount, and that must be able to. */
export async function batch(context: KernelContext, operations: readonly BatchOperation[], options?: CallOptions): Promise<FileStat[]> {
  options?.signal?.throwIfAborted()
  if (context.isClosed) throw new NexusError('unavailable', { op: 'batch', backend: 'nexus', reason: 'The filesystem is closed; open it again.' })
  const places = operations.flatMap((operation) =>
    pathsOf(operation).map((path) => checked(locate(context, { op: 'batch', path }, options), operation)),
  )
  const [place] = places
  if (place === undefined) return []
  const stranger = places.find(({ mount }) => mount !== place.mount)
  if (stranger !== undefined) throw acrossMounts(place, stranger)
  if (!capabilitiesOf(place).batch) refuseUnsupported(place, 'make several changes in one step')
  requireVerb(place, 'batch', 'make several changes in one step')
  const inner = operations.map((operation) => within(operation, place.mount.mountPoint))
  const run = (_backend: Backend, _path: Path, given: CallOptions): Promise<FileStat[]> => place.mount.backend.batch(inner, given)
  return (await perform(place, options, run)).map((stat) => toldIn(place.mount, stat))
}

function checked(place: Place, operation: BatchOperation): Place {
  checkWritable(place)
  if (operation.op !== 'copy') refuseMounts(place)
  checkVariants(place, variantsOf(operation))
  if (operation.op === 'write') checkSize(place, operation.body, operation.sizeBytes)
  return place
}

function acrossMounts(place: Place, stranger: Place): NexusError {
  const reason = `A batch stays in one mount, but ${place.path} is in ${place.mount.label} and ${stranger.path} in ${stranger.mount.label}; give each mount its own batch.`
  return new NexusError('invalid_argument', { op: 'batch', path: stranger.path, backend: 'nexus', reason })
}

function pathsOf(operation: BatchOperation): Path[] {
  return 'from' in operation ? [operation.from, operation.to] : [operation.path]
}

function within(operation: BatchOperation, mountPoint: Path): BatchOperation {
  if ('from' in operation) {
    return { ...operation, from: relativePath(operation.from, mountPoint), to: relativePath(operation.to, mountPoint) }
  }
  return { ...operation, path: relativePath(operation.path, mountPoint) }
}

function variantsOf(operation: BatchOperation): Parameters<typeof checkVariants>[1] {
  switch (operation.op) {
    case 'mkdir':
      return undefined
    case 'setMetadata':
      return { ifMatch: operation.ifMatch, metadata: {} }
    default:
      return operation
  }
}
