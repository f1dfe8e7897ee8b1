import { type CallOptions, type FileVersion, type Path } from '@nexus/core/contract'
import type { ObjectStore, ObjectVersion } from '../object-store.ts'
import type { Call } from './activity.ts'
import type { TreeContext } from './context.ts'
import { toKey } from './keys.ts'
import { refuseAbsentFile, refuseDirectory } from './look-up.ts'
import { refuseNested } from './nested.ts'

/** The states of a file that the bucket keeps, newest first. Attributes are empty where the service does not tell them here; `stat` with `version` does. */
export async function* versions(context: TreeContext, path: Path, options: CallOptions = {}): AsyncGenerator<FileVersion> {
  const { activity, store } = context
  const call: Call = { op: 'versions', path, signal: options.signal }
  const iterator = await activity.run(call, async () => {
    await refuseNested(context.nested, path, options)
    return iterate(store, path, options)
  })
  let isThere = false
  try {
    for (;;) {
      const step = await activity.run(call, () => iterator.next())
      if (step.done === true) break
      // The file was deleted; its name may be a directory's by now.
      if (!isThere && !step.value.isCurrent) await activity.run(call, () => refuseDirectory(store, path, options))
      isThere = true
      yield toFileVersion(path, step.value)
    }
  } finally {
    await iterator.return?.()
  }
  if (!isThere) await activity.run(call, () => refuseAbsentFile(store, path, options))
}

async function iterate(store: ObjectStore, path: Path, options: CallOptions): Promise<AsyncIterator<ObjectVersion>> {
  const kept = path === '/' ? undefined : store.versions?.(toKey(path), options)
  return kept === undefined ? refuseAbsentFile(store, path, options) : kept[Symbol.asyncIterator]()
}

function toFileVersion(path: Path, { version, sizeBytes, etag, modifiedAt, contentType, metadata, isCurrent }: ObjectVersion): FileVersion {
  return { version, path, sizeBytes, etag, modifiedAt, contentType, metadata: { ...metadata }, current: isCurrent }
}
