import { join } from 'node:path'
import type { CallOptions } from '@nexus/core/contract'
import type { ContentContext } from './contents.ts'
import { toNexusError } from './errors.ts'
import { systemCode } from './files.ts'
import { isWriterName, processState } from './machine.ts'

/** A writer that cannot be seen from here (another host or container) is taken for gone after a day. */
const unseenWriterMs = 24 * 60 * 60 * 1000

/** Removes what writers that are gone left in `tmp/`. @returns Number of bytes given back. */
export async function sweepWriters(context: ContentContext, options: CallOptions = {}): Promise<number> {
  const { layout } = context
  let bytes = 0
  for (const name of readNames(context, layout.tmp)) {
    options.signal?.throwIfAborted()
    if (isWriterName(name) && isGone(context, name)) bytes += removeWriter(context, join(layout.tmp, name))
    await Promise.resolve()
  }
  return bytes
}

function isGone({ layout, environment: { bootId, files, now } }: ContentContext, name: string): boolean {
  const state = processState(name, bootId)
  return state === 'gone' || (state === 'unseen' && now() - files.lstat(join(layout.tmp, name)).mtimeMs > unseenWriterMs)
}

function removeWriter(context: ContentContext, directory: string): number {
  const { files } = context.environment
  let bytes = 0
  try {
    for (const name of readNames(context, directory)) {
      bytes += files.lstat(join(directory, name)).size
      files.unlink(join(directory, name))
    }
    files.rmdir(directory)
  } catch (error) {
    // Another sweep was faster.
    if (systemCode(error) !== 'ENOENT') throw toNexusError(error, 'sweep', directory)
  }
  return bytes
}

function readNames({ environment: { files } }: ContentContext, directory: string): string[] {
  try {
    return files.readdir(directory)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw toNexusError(error, 'sweep', directory)
  }
}
