import { join } from 'node:path'
import { type CallOptions, isNexusError, NexusError } from '@nexus/core/contract'
import type { JournalContext } from './context.ts'
import { parseIdentity, readDescriptorNow, writeDurably } from './descriptor.ts'
import { syncDirectory } from './files.ts'

/** The id that the segments carry, from the first whose header is whole. */
export async function repositoryOfJournal({ segments }: JournalContext, options: CallOptions = {}): Promise<string | undefined> {
  options.signal?.throwIfAborted()
  for (const first of segments.list()) {
    try {
      return await Promise.resolve(segments.header(first).repository)
    } catch (error) {
      // Another segment may tell.
      if (!isNexusError(error, 'corrupt')) throw error
    }
  }
  return undefined
}

/** Puts a descriptor in the place of one that is lost or damaged. */
export async function replaceDescriptor(context: JournalContext, bytes: Uint8Array, options: CallOptions = {}): Promise<void> {
  options.signal?.throwIfAborted()
  const { layout, environment: { files }, scratch } = context
  if (parseIdentity(bytes) === undefined) {
    throw new NexusError('invalid_argument', { op: 'repair', path: layout.descriptor, backend: 'local', reason: 'A descriptor needs the marker "nexus-repository" and a string "id".' })
  }
  if (isValid(context)) throw new NexusError('already_exists', { op: 'repair', path: layout.descriptor, backend: 'local', reason: 'A valid nexus.json stands there; it is not replaced.' })
  const temporary = join(scratch(), 'nexus.json')
  await writeDurably(context, temporary, bytes)
  files.rename(temporary, layout.descriptor)
  await syncDirectory(files, layout.root)
}

function isValid(context: JournalContext): boolean {
  try {
    return readDescriptorNow(context) !== undefined
  } catch (error) {
    if (isNexusError(error, 'corrupt') || isNexusError(error, 'invalid_config')) return false
    throw error
  }
}
