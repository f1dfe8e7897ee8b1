import { isNexusError } from '@nexus/core/contract'
import type { ObjectInfo } from '../object-store.ts'
import type { TreeContext } from './context.ts'
import { above } from './known-directories.ts'

/** Makes an object that is a file, and notes what it makes of the directories above it. @param put Gives nothing where it did nothing. */
export async function makeFile<T extends ObjectInfo | undefined>({ known, nested }: Pick<TreeContext, 'known' | 'nested'>, key: string, put: () => Promise<T>): Promise<T> {
  try {
    const made = await put()
    if (made === undefined) return made
    known.enter(above(`${key}/`), key)
    nested.noteWrite(key)
    return made
  } catch (error) {
    // All others may have made it after all.
    if (!isNexusError(error, 'precondition_failed')) known.clear()
    throw error
  }
}
