import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Database } from 'better-sqlite3'
import { NexusError } from '../contract/errors.ts'
import { type Sleep, sleep } from '../layers/sleep.ts'

/** How the lock is waited for. */
export interface StateLockOptions {
  readonly signal?: AbortSignal | undefined
  readonly sleep?: Sleep | undefined
}

const retryDelaysMs = [100, 200, 400]

/**
 * Runs `work` while no other process changes this state directory. The lock is one of SQLite's, which the system releases when its
 * holder dies; it is tried again 3 times, after 100, 200 and 400 ms.
 * @param directory An existing directory.
 * @throws NexusError `busy`, naming the holder
 */
export async function withStateLock<T>(directory: string, work: () => Promise<T>, options: StateLockOptions = {}): Promise<T> {
  const { default: SQLite } = await import('better-sqlite3')
  const database = new SQLite(join(directory, 'lock.db'), { timeout: 0 })
  try {
    await acquire(database, directory, options)
    await writeFile(holderFile(directory), JSON.stringify({ pid: process.pid, since: new Date().toISOString() }), { mode: 0o600 })
    return await work()
  } finally {
    database.close()
  }
}

async function acquire(database: Database, directory: string, { signal, sleep: wait = sleep }: StateLockOptions): Promise<void> {
  for (const delayMs of [...retryDelaysMs, undefined]) {
    signal?.throwIfAborted()
    if (tryAcquire(database)) return
    if (delayMs === undefined) throw await busy(directory)
    await wait(delayMs, signal)
  }
}

function tryAcquire(database: Database): boolean {
  try {
    database.exec('BEGIN IMMEDIATE')
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY')) return false
    throw error
  }
}

async function busy(directory: string): Promise<NexusError> {
  const reason = `The state directory ${directory} is in use by ${await holder(directory)}. Try again, or set NEXUS_FS_STATE_DIR to a directory of your own.`
  return new NexusError('busy', { op: 'mount', reason })
}

/** Who holds the lock, as it wrote itself down right after taking it. */
async function holder(directory: string): Promise<string> {
  // Only for the message: a holder that has not written its name yet, or cannot, is "another process".
  const text = await readFile(holderFile(directory), 'utf8').catch(() => '')
  const pid = /"pid":(\d+)/.exec(text)?.[1]
  const since = /"since":"([^"]+)"/.exec(text)?.[1]
  return pid === undefined || since === undefined ? 'another process' : `process ${pid} (since ${since})`
}

function holderFile(directory: string): string {
  return join(directory, 'lock.json')
}
