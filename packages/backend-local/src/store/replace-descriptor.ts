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

/** Puts a descriptor in the place of one that is lost or damaged, or of another one of the same repository. */
export async function replaceDescriptor(context: JournalContext, bytes: Uint8Array, options: CallOptions = {}): Promise<void> {
  options.signal?.throwIfAborted()
  const { layout, environment: { files }, scratch } = context
  const wanted = parseIdentity(bytes)
  if (wanted === undefined) {
    throw new NexusError('invalid_argument', { op: 'repair', path: layout.descriptor, backend: 'local', reason: 'A descriptor needs the marker "nexus-repository" and a string "id".' })
  }
  const found = identityThere(context)
  if (found !== undefined && found !== wanted.id) {
    throw new NexusError('already_exists', { op: 'repair', path: layout.descriptor, backend: 'local', reason: `The valid nexus.json of repository ${found} stands there; it is not replaced.` })
  }
  const temporary = join(scratch(), 'nexus.json')
  await writeDurably(context, temporary, bytes)
  files.rename(temporary, layout.descriptor)
  await syncDirectory(files, layout.root)
}

function identityThere(context: JournalContext): string | undefined {
  try {
    const bytes = readDescriptorNow(context)
    return bytes === undefined ? undefined : parseIdentity(bytes)?.id
  } catch (error) {
    if (isNexusError(error, 'corrupt') || isNexusError(error, 'invalid_config')) return undefined
    throw error
  }
}
