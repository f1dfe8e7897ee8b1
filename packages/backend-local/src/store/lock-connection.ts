import Database from 'better-sqlite3'
import { NexusError } from '@nexus/core/contract'
import type { LocalEnvironment } from './environment.ts'
import { systemCode } from './files.ts'
import type { Layout } from './layout.ts'

/** SQLite's connection to `lock.db`. */
export interface LockConnection {
  /** Of the file that was opened. */
  readonly inode: number
  readonly begin: () => void
  readonly rollback: () => void
  readonly close: () => void
}

/** Inode of a file, by name alone; `undefined` when it is absent. */
export function inodeOf({ files }: LocalEnvironment, path: string): number | undefined {
  try {
    return files.lstat(path).ino
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Opens `lock.db`, creating it. @throws an SQLite error, also when somebody else is creating it */
export function connectLock(environment: LocalEnvironment, path: string): LockConnection {
  const database = new Database(path, { timeout: 0 })
  try {
    // A rollback journal is created and deleted with every transaction (40 us); a write-ahead log that stays empty is not (4 us).
    if (database.pragma('journal_mode', { simple: true }) !== 'wal') database.pragma('journal_mode = WAL')
  } catch (error) {
    database.close()
    throw error
  }
  const begin = database.prepare('BEGIN IMMEDIATE')
  const rollback = database.prepare('ROLLBACK')
  const inode = inodeOf(environment, path) ?? 0
  return { inode, begin: () => void begin.run(), rollback: () => void rollback.run(), close: () => void database.close() }
}

/** Whether an error only says that another process holds the lock. */
export function isLockBusy(error: unknown): boolean {
  const code = systemCode(error) ?? ''
  return code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')
}

/** Why the lock cannot be had at all. */
export function lockRefusal(error: unknown, layout: Layout): NexusError {
  const code = systemCode(error) ?? ''
  const details = { op: 'lock', path: layout.lock, backend: 'local', cause: error }
  if (/^SQLITE_(CANTOPEN|READONLY|PERM)/.test(code)) {
    return new NexusError('read_only', { ...details, reason: 'lock.db cannot be opened for writing, so nothing can be committed; check mode and mount of the repository directory.' })
  }
  if (/^SQLITE_(NOTADB|CORRUPT)/.test(code)) {
    return new NexusError('corrupt', { ...details, reason: 'lock.db is damaged. It holds no data: end all processes that use the repository and delete it.' })
  }
  return new NexusError(code === 'SQLITE_FULL' ? 'no_space' : 'unavailable', { ...details, reason: `The lock of the repository cannot be taken: ${String(error)}.` })
}
