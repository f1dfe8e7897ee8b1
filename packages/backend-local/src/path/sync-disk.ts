import { close, constants, fsync, open } from 'node:fs'
import { promisify } from 'node:util'
import type { FileName } from './names.ts'

const openFile = promisify(open)
const closeFile = promisify(close)

/** fsync(2) of an open file, off the loop. */
export const syncFile: (descriptor: number) => Promise<void> = promisify(fsync)

/**
 * Makes the names in a directory durable.
 * @param path Of the directory, as `node:fs` takes it.
 */
export async function syncDirectory(path: FileName): Promise<void> {
  // Windows has no fsync of a directory; its names are journalled with the file's own flush.
  if (process.platform === 'win32') return
  const descriptor = await openFile(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    await syncFile(descriptor)
  } finally {
    await closeFile(descriptor)
  }
}
