import Database from 'better-sqlite3'
import { NexusError } from '../contract/errors.ts'
import { abortableDelay } from './delay.ts'
import { isBusyDatabase } from './index-schema.ts'

const pauseMs = 2
const maxBusyMs = 30_000

/**
 * Gives one process at a time its turn to open, remove or make the index at `path`: who removes one must not meet who makes one, or the
 * write-ahead log of the one would stand beside the other. The turn is SQLite's lock on the empty file `<path>.lock`, and ends with the process.
 * @throws NexusError `busy` when another process keeps its turn for 30 seconds
 */
export async function inIndexTurn<T>(path: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  const database = new Database(`${path}.lock`, { timeout: 0 })
  try {
    await whenFree(() => database.exec('BEGIN EXCLUSIVE'), signal)
    return await work()
  } finally {
    database.close()
  }
}

/** Does work of SQLite again while another process is in the way. @throws NexusError `busy` after 30 seconds */
export async function whenFree<T>(work: () => T, signal: AbortSignal | undefined): Promise<T> {
  for (let waitedMs = 0; ; waitedMs += pauseMs) {
    try {
      return work()
    } catch (error) {
      if (!isBusyDatabase(error)) throw error
      if (waitedMs >= maxBusyMs) throw new NexusError('busy', { reason: `Another process has kept the index for ${maxBusyMs} ms. End it if it hangs, and try again.`, cause: error })
    }
    await abortableDelay(pauseMs, signal)
  }
}
