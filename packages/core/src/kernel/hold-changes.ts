import type { CallOptions } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import { type MountSet, requireMount } from './mount-set.ts'

/** How long changes are held back for what is under way. */
export interface HoldOptions extends CallOptions {
  /** Changes that are under way get so many milliseconds to end, or the hold is given up. Default 10,000. */
  readonly drainMs?: number | undefined
}

/**
 * Runs `work` while no change to the mount is under way: those that are asked for wait, and go on afterwards, wherever the mount's path leads by then. Reading
 * goes on. A signal of their own and an unmount end the waiting.
 * @throws NexusError `mount_not_found`; `busy` when changes are held back already, and when one under way does not end in time
 */
export async function holdChanges<R>(set: MountSet, idOrMountPoint: string, { work, options = {} }: { readonly work: () => Promise<R>; readonly options?: HoldOptions | undefined }): Promise<R> {
  const { drainMs = 10_000, signal } = options
  signal?.throwIfAborted()
  const { gate, mountPoint } = requireMount(set, idOrMountPoint, 'migrate')
  gate.close()
  try {
    const reason = 'A change to the mount has been under way for too long to wait for it while others are held back; nothing was changed. Try again when it is done.'
    const late = new NexusError('busy', { op: 'migrate', path: mountPoint, reason })
    const timer = AbortSignal.timeout(drainMs)
    await gate.idle(signal === undefined ? timer : AbortSignal.any([signal, timer])).catch((error: unknown) => {
      throw error === timer.reason ? late : error
    })
    return await work()
  } finally {
    gate.open()
  }
}
