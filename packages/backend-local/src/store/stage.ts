import { constants } from 'node:fs'
import { dirname, join } from 'node:path'
import type { DurableOptions, MaybePromise, StagedContent } from '@nexus/core/contract'
import type { ContentContext } from './contents.ts'
import { toNexusError } from './errors.ts'
import { ensureDirectory, type FileOperations, syncDirectory, systemCode } from './files.ts'
import { keyPath } from './keys.ts'

/** The writing half of the content store. */
export interface Staging {
  readonly stage: (key: string, body: Uint8Array, options: DurableOptions) => Promise<StagedContent>
  readonly settle: (options: DurableOptions) => MaybePromise<void>
  /** Makes the directories of keys durable, up to the root. */
  readonly syncParents: (keys: readonly string[]) => Promise<void>
  readonly syncDirectories: (paths: readonly string[]) => Promise<void>
}

/** Written at once when it is smaller; larger bodies leave the event loop free. */
const inlineWriteBytes = 64 * 1024

/** @param context Whose `tmp/` takes the bytes first. */
export function createStaging(context: ContentContext): Staging {
  const { layout, environment, scratch } = context
  const { files } = environment
  const touched = new Set<string>()
  /** Directories whose own entry this store made durable. */
  const anchored = new Set<string>()
  let count = 0

  const publish = (from: string, key: string): void => {
    const to = keyPath(layout.root, key)
    try {
      renameInto(context, from, to)
    } catch (error) {
      throw toNexusError(error, 'write', key)
    }
    touched.add(dirname(to))
    environment.onStep?.('content-published')
  }

  const syncDirectories = async (paths: readonly string[]): Promise<void> => {
    const parents = new Set(paths.flatMap((path) => (anchored.has(path) ? [] : parentsOf(layout.root, path))))
    // Syncing a directory anchors whatever stands in it by now.
    const standing = [...parents].flatMap((parent) => files.readdir(parent).map((name) => join(parent, name)))
    try {
      await Promise.all([...new Set([...paths, ...parents])].map((path) => syncDirectory(files, path)))
    } catch (error) {
      throw toNexusError(error, 'sync', layout.root)
    }
    for (const path of [...parents, ...standing]) anchored.add(path)
  }

  const settleTouched = async (): Promise<void> => {
    const paths = [...touched]
    touched.clear()
    try {
      await syncDirectories(paths)
    } catch (error) {
      for (const path of paths) touched.add(path)
      throw error
    }
    environment.onStep?.('content-settled')
  }

  return {
    stage: async (key, body, options) => {
      options.signal?.throwIfAborted()
      keyPath(layout.root, key)
      const path = await writeTemporary(context, { path: join(scratch(), String(++count)), key, body, options })
      environment.onStep?.('content-staged')
      let isOver = false
      return {
        publish: () => {
          publish(path, key)
          isOver = true
        },
        discard: () => {
          if (!isOver) removeTemporary(context, path, key)
          isOver = true
        },
      }
    },
    settle: ({ durability }) => {
      if (durability === 'fsync' && touched.size > 0) return settleTouched()
      // Whoever needs these on disk later syncs them by key, directories and all.
      touched.clear()
      return undefined
    },
    syncParents: (keys) => syncDirectories([...new Set(keys.map((key) => dirname(keyPath(layout.root, key))))]),
    syncDirectories,
  }
}

interface Temporary {
  readonly path: string
  readonly key: string
  readonly body: Uint8Array
  readonly options: DurableOptions
}

async function writeTemporary(context: ContentContext, { path, key, body, options }: Temporary): Promise<string> {
  const { files } = context.environment
  let fd: number | undefined
  try {
    fd = files.open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o644)
    for (let done = 0; done < body.length; ) {
      const left = body.length - done
      done += left > inlineWriteBytes ? await files.writeAway(fd, body, done, left, done) : files.write(fd, body, done, left, done)
    }
    if (options.durability === 'fsync') await files.fsync(fd)
    options.signal?.throwIfAborted()
    const open = fd
    fd = undefined
    files.close(open)
    return path
  } catch (error) {
    if (fd !== undefined) files.close(fd)
    removeTemporary(context, path, key)
    options.signal?.throwIfAborted()
    throw toNexusError(error, 'write', key)
  }
}

function removeTemporary({ environment: { files } }: ContentContext, path: string, key: string): void {
  try {
    files.unlink(path)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw toNexusError(error, 'write', key)
  }
}

function renameInto({ layout, environment: { files } }: ContentContext, from: string, to: string): void {
  try {
    files.rename(from, to)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
    ensureDirectory(files, dirname(dirname(to)))
    ensureDirectory(files, dirname(to))
    if (dirname(dirname(to)) === layout.contents) makeFans(files, layout.contents)
    files.rename(from, to)
  }
}

/** All directories that contents are spread over, with the first of them: made one by one, each would cost its first content two syncs more. */
function makeFans(files: FileOperations, contents: string): void {
  for (let fan = 0; fan < 256; fan++) ensureDirectory(files, join(contents, fan.toString(16).padStart(2, '0')))
}

function parentsOf(root: string, path: string): string[] {
  const parents: string[] = []
  for (let at = dirname(path); at.length >= root.length; at = dirname(at)) {
    parents.push(at)
    if (at === root) break
  }
  return parents
}
