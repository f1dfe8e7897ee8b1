import { constants } from 'node:fs'
import { dirname, join } from 'node:path'
import { type CallOptions, type ContentStore, NexusError } from '@nexus/core/contract'
import type { LocalEnvironment } from './environment.ts'
import { toNexusError } from './errors.ts'
import { ensureDirectory, readFully, readFullyNow, systemCode } from './files.ts'
import { keyPath } from './keys.ts'
import type { Layout } from './layout.ts'
import { listContents } from './list-contents.ts'
import { createStaging } from './stage.ts'
import { sweepWriters } from './sweep.ts'

/** What the parts of the content store share. */
export interface ContentContext {
  readonly layout: Layout
  readonly environment: LocalEnvironment
  /** Directory below `tmp/` that is this store's own. */
  readonly scratch: () => string
}

/** Read on the event loop's own time: a thread-pool hop costs more than 64 KiB from the page cache. */
const inlineReadBytes = 64 * 1024
const syncsAtOnce = 8

/** Contents as files below the repository's root. */
export function createContents(context: ContentContext): ContentStore {
  const { layout, environment: { files } } = context
  const staging = createStaging(context)
  return {
    stage: staging.stage,
    settle: staging.settle,
    sync: (keys, options) => syncContents(context, keys, options).then(() => staging.syncParents(keys)),
    read: (key, range, options) => {
      options?.signal?.throwIfAborted()
      return range.length <= inlineReadBytes ? readNow(context, key, range) : readAway(context, key, range)
    },
    stat: async (key) => Promise.resolve(statContent(context, key)),
    list: (prefix, options) => listContents(context, prefix, options),
    delete: async (keys, options) => {
      for (const key of keys) {
        options?.signal?.throwIfAborted()
        removeFile(context, key)
        await Promise.resolve()
      }
    },
    quarantine: async (key) => {
      const target = freeName(context, join(layout.quarantine, key.replaceAll('/', '_')))
      try {
        ensureDirectory(files, layout.quarantine)
        files.rename(keyPath(layout.root, key), target)
      } catch (error) {
        throw toNexusError(error, 'quarantine', key)
      }
      await staging.syncDirectories([dirname(keyPath(layout.root, key)), layout.quarantine])
    },
    sweep: (options) => sweepWriters(context, options),
  }
}

function openContent({ layout, environment: { files } }: ContentContext, key: string): number {
  try {
    return files.open(keyPath(layout.root, key), constants.O_RDONLY | constants.O_NOFOLLOW)
  } catch (error) {
    throw toNexusError(error, 'read', key)
  }
}

function readNow(context: ContentContext, key: string, range: { offset: number; length: number }): Uint8Array {
  const { files } = context.environment
  const fd = openContent(context, key)
  try {
    return whole(readFullyNow(files, fd, range), key, range)
  } catch (error) {
    throw toNexusError(error, 'read', key)
  } finally {
    files.close(fd)
  }
}

async function readAway(context: ContentContext, key: string, range: { offset: number; length: number }): Promise<Uint8Array> {
  const { files } = context.environment
  const fd = openContent(context, key)
  try {
    return whole(await readFully(files, fd, range), key, range)
  } catch (error) {
    throw toNexusError(error, 'read', key)
  } finally {
    files.close(fd)
  }
}

function whole(bytes: Uint8Array, key: string, { offset, length }: { offset: number; length: number }): Uint8Array {
  if (bytes.length === length) return bytes
  throw new NexusError('corrupt', { op: 'read', path: key, backend: 'local', reason: `${length} bytes are expected at byte ${offset}, and the object ends after ${bytes.length} of them. Run fsck.` })
}

function statContent({ layout, environment: { files } }: ContentContext, key: string): { sizeBytes: number; modifiedAt: Date } {
  try {
    const found = files.lstat(keyPath(layout.root, key))
    return { sizeBytes: found.size, modifiedAt: found.mtime }
  } catch (error) {
    throw toNexusError(error, 'stat', key)
  }
}

function removeFile({ layout, environment: { files } }: ContentContext, key: string): void {
  try {
    files.unlink(keyPath(layout.root, key))
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw toNexusError(error, 'delete', key)
  }
}

async function syncContents(context: ContentContext, keys: readonly string[], options: CallOptions = {}): Promise<void> {
  const pending = [...keys]
  const worker = async (): Promise<void> => {
    for (let key = pending.pop(); key !== undefined; key = pending.pop()) {
      options.signal?.throwIfAborted()
      await syncContent(context, key)
    }
  }
  await Promise.all(Array.from({ length: Math.min(syncsAtOnce, keys.length) }, worker))
}

async function syncContent(context: ContentContext, key: string): Promise<void> {
  const { files } = context.environment
  const fd = openContent(context, key)
  try {
    await files.fsync(fd)
  } catch (error) {
    throw toNexusError(error, 'sync', key)
  } finally {
    files.close(fd)
  }
}

/** A name that is not taken: what was moved aside before stays. */
function freeName({ environment: { files } }: ContentContext, wanted: string): string {
  for (let count = 1; ; count++) {
    const name = count === 1 ? wanted : `${wanted}~${count}`
    try {
      files.lstat(name)
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return name
      throw toNexusError(error, 'quarantine', name)
    }
  }
}

