import type { MoveOptions } from '../contract/backend.ts'

/** {@link MoveOptions}, and what only a copy through this process understands. */
export interface KernelMoveOptions extends MoveOptions {
  /**
   * Called with the size in bytes of each piece that passes through this process, before it goes on; a promise holds it back. What the service copies by
   * itself is not told. A rejection ends the copy.
   */
  readonly onPass?: ((sizeBytes: number) => Promise<void> | void) | undefined
}

/** Of a copy. */
export interface KernelCopyOptions extends KernelMoveOptions {
  /** Only when the target's file has this etag: `precondition_failed` otherwise. Such a copy always passes through this process. */
  readonly ifTargetMatch?: string | undefined
}

/** What a backend understands of them. */
export function backendMoveOptions({ onPass: _, ...options }: KernelMoveOptions): MoveOptions {
  return options
}
