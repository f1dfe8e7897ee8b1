import { type CallOptions, type FileVersion, type Path } from '@nexus/core/contract'
import type { ObjectVersion } from '../object-store.ts'
import type { Call } from './activity.ts'
import { checkVariants } from './capabilities.ts'
import type { TreeContext } from './context.ts'
import { toKey } from './keys.ts'
import { refuseAbsentFile } from './look-up.ts'

/** The states of a file that the bucket keeps, newest first. Attributes are empty where the service does not tell them here; `stat` with `version` does. */
export async function* versions(context: TreeContext, path: Path, options: CallOptions = {}): AsyncGenerator<FileVersion> {
  const { activity, store, capabilities } = context
  const call: Call = { op: 'versions', path, signal: options.signal }
  activity.check(call)
  const iterator = await activity.run(call, () => begin())
  async function begin(): Promise<AsyncIterator<ObjectVersion>> {
    checkVariants(capabilities, { version: 'any' })
    const kept = path === '/' ? undefined : store.versions?.(toKey(path), options)
    return await Promise.resolve(kept === undefined ? refuseAbsentFile(store, path, options) : kept[Symbol.asyncIterator]())
  }
  let isThere = false
  try {
    for (;;) {
      const step = await activity.run(call, () => iterator.next())
      if (step.done === true) break
      isThere = true
      yield toFileVersion(path, step.value)
    }
  } finally {
    await iterator.return?.()
  }
  if (!isThere) await activity.run(call, () => refuseAbsentFile(store, path, options))
}

function toFileVersion(path: Path, { version, sizeBytes, etag, modifiedAt, contentType, metadata, isCurrent }: ObjectVersion): FileVersion {
  return { version, path, sizeBytes, etag, modifiedAt, contentType, metadata: { ...metadata }, current: isCurrent }
}
