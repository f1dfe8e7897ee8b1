import { isNexusError, type MkdirOptions, NexusError, type Path } from '@nexus/core/contract'
import { isOpenDirectory, refuseAbsent } from './check-target.ts'
import type { TreeContext } from './context.ts'
import { toPrefix } from './keys.ts'
import { above } from './known-directories.ts'
import { findFile, isDirectory } from './look-up.ts'

/** Makes a directory by its marker. Of several makers at once the service says who was first, or (without create-only writes) this process among its own. */
export function mkdir(context: TreeContext, path: Path, options: MkdirOptions): Promise<void> {
  return context.inTurn(toPrefix(path), () => makeOne(context, path, options))
}

async function makeOne(context: TreeContext, path: Path, { recursive, signal }: MkdirOptions): Promise<void> {
  const { store } = context
  const [file, isThere] = path === '/' ? [undefined, true] : await Promise.all([findFile(store, path, { signal }), isDirectory(store, path, { signal })])
  if (file !== undefined) throw new NexusError('already_exists', { reason: 'A file stands there.' })
  if (isThere && recursive === true) return
  if (isThere) throw new NexusError('already_exists')
  await checkParent(context, path, { recursive, signal })
  try {
    await store.put(toPrefix(path), new Uint8Array(0), { signal, condition: store.conditions.absent ? 'absent' : undefined })
  } catch (error) {
    if (!isNexusError(error, 'precondition_failed')) {
      context.known.clear()
      throw error
    }
    if (recursive !== true) throw new NexusError('already_exists', { cause: error })
  }
  context.known.enter(toPrefix(path))
}

async function checkParent(context: TreeContext, path: Path, { recursive, signal }: MkdirOptions): Promise<void> {
  const parent = above(toPrefix(path))
  if (await isOpenDirectory(context, parent, { path, signal })) return
  await refuseAbsent(context, parent, { path, signal })
  if (recursive !== true) throw new NexusError('not_found', { reason: 'Its parent does not exist; pass recursive to make it too.' })
}
