import type { Backend, FileContent, ReadOptions } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import type { Path } from '../contract/paths.ts'
import { wrapContent } from '../layers/wrap-content.ts'
import { checkVariants } from './check-options.ts'
import { findNode, isAboveMounts, type KernelContext, perform, type Place, placeAt } from './place.ts'
import { toldAt, toldIn } from './relocate.ts'

/** Opens a body. Once its reading began it counts as under way until it is read, broken, cancelled or disposed; an unmount gives up one that nobody began. */
export async function read(context: KernelContext, path: Path, options?: ReadOptions): Promise<FileContent> {
  const call = { op: 'read', path }
  const node = findNode(context, call, options)
  if (path === '/' || isAboveMounts(node, path)) throw new NexusError('is_directory', { ...call, backend: 'nexus' })
  const place = placeAt(node, call)
  if (options !== undefined) checkVariants(place, options)
  return readAt(place, options)
}

/** Opens a body on the place's own mount. */
export function readAt(place: Place, options?: ReadOptions): Promise<FileContent> {
  // The body is held before the call is left, so that no unmount slips in between.
  return perform(place, options, async (backend: Backend, inner: Path, given: ReadOptions) =>
    holdBody(place, await backend.read(inner, given), options),
  )
}

function holdBody(place: Place, content: FileContent, options: ReadOptions | undefined): FileContent {
  const { mount } = place
  let endStream: ((reason: unknown) => Promise<void>) | undefined
  let isBegun = false
  let givenUp: NexusError | undefined
  const abandon = async (reason: NexusError): Promise<void> => {
    givenUp = reason
    try {
      await (endStream?.(toldAt(reason, place, options)) ?? content[Symbol.asyncDispose]())
    } finally {
      release()
    }
  }
  const release = mount.hold(abandon, () => isBegun)
  const unlessUnmounted = <T>(run: () => Promise<T>): Promise<T> => {
    isBegun = true
    return givenUp === undefined ? run() : Promise.reject(givenUp)
  }
  return wrapContent(content, {
    stat: toldIn(mount, content.stat),
    onError: (error) => toldAt(error, place, options),
    onEnd: release,
    onCollect: unlessUnmounted,
    onRead: unlessUnmounted,
    onStart: (end) => {
      isBegun = true
      endStream = end
    },
  })
}
