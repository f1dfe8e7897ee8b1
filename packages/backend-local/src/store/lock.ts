import { NexusError } from '@nexus/core/contract'
import type { MaybePromise } from '@nexus/core/contract'
import os from 'node:os'
import { constants } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import type { LocalEnvironment } from './environment.ts'
import { readFullyNow, systemCode } from './files.ts'
import type { Layout } from './layout.ts'
import { connectLock, inodeOf, isLockBusy, type LockConnection, lockRefusal } from './lock-connection.ts'
import { createTurns } from './turns.ts'

/** Orders the processes that commit to one repository. */
export interface RepositoryLock {
  /** Resolves when nobody else holds it; at once and without a promise when it is free. @throws NexusError `busy`, `read_only` */
  acquire(signal: AbortSignal | undefined): MaybePromise<void>
  /** Takes it when nobody has it. @returns Whether it did @throws NexusError `read_only` */
  tryAcquire(): boolean
  /** Writes down who holds it; called before a hold that may last. */
  announce(): void
  release(): void
  /** Waits for what this process does under the lock, then gives the connection back. */
  close(): Promise<void>
}

const holderBytes = 256
/** How often it is looked whether lock.db still has its name, in milliseconds. */
const recheckMs = 50

/**
 * The lock is SQLite's write lock on `lock.db`, which holds no data: it disappears with the process that has it. The file is opened by SQLite
 * alone, since closing any other descriptor of it would drop the process' POSIX locks (https://sqlite.org/howtocorrupt.html, 2.2).
 */
export function createLock(layout: Layout, environment: LocalEnvironment): RepositoryLock {
  const turns = createTurns()
  let connection: LockConnection | undefined
  let holder: number | undefined
  let checkedAt = -Infinity

  /** Whoever takes lock.db for a stale lock and deletes it must not let two writers in at once for long. */
  const dropDeleted = (): void => {
    const now = performance.now()
    if (connection === undefined || now - checkedAt < recheckMs) return
    checkedAt = now
    if (inodeOf(environment, layout.lock) === connection.inode) return
    connection.close()
    connection = undefined
  }
  const tryBegin = (): boolean => {
    try {
      dropDeleted()
      connection ??= connectLock(environment, layout.lock)
      connection.begin()
      return true
    } catch (error) {
      if (isLockBusy(error)) return false
      throw lockRefusal(error, layout)
    }
  }

  const retry = async (signal: AbortSignal | undefined): Promise<void> => {
    const deadline = performance.now() + environment.lockTimeoutMs
    for (let pauseMs = 1; !tryBegin(); pauseMs = Math.min(20, pauseMs * 1.4)) {
      if (performance.now() >= deadline) throw busy(layout, environment)
      await pause(pauseMs * (0.5 + Math.random()), signal)
    }
  }

  const begin = (signal: AbortSignal | undefined): MaybePromise<void> => {
    try {
      if (tryBegin()) return
    } catch (error) {
      turns.leave()
      throw error
    }
    return retry(signal).catch((error: unknown) => {
      turns.leave()
      throw error
    })
  }

  return {
    acquire: (signal) => {
      signal?.throwIfAborted()
      const turn = turns.enter(signal)
      return turn === undefined ? begin(signal) : turn.then(() => begin(signal))
    },
    tryAcquire: () => {
      if (!turns.tryEnter()) return false
      let isOurs = false
      try {
        isOurs = tryBegin()
      } finally {
        if (!isOurs) turns.leave()
      }
      return isOurs
    },
    announce: () => {
      holder ??= environment.files.open(layout.holder, constants.O_RDWR | constants.O_CREAT, 0o644)
      environment.files.write(holder, holderText(environment), 0, holderBytes, 0)
    },
    release: () => {
      connection?.rollback()
      turns.leave()
    },
    close: async () => {
      await turns.enter(undefined)
      connection?.close()
      connection = undefined
      if (holder !== undefined) environment.files.close(holder)
      holder = undefined
      turns.leave()
    },
  }
}

function holderText(environment: LocalEnvironment): Uint8Array {
  const started = new Date(environment.now() - process.uptime() * 1000).toISOString()
  const bytes = Buffer.alloc(holderBytes, ' ')
  bytes.write(`process ${process.pid}, started ${started}, on ${os.hostname().slice(0, 120)}\n`)
  return bytes
}

function busy(layout: Layout, environment: LocalEnvironment): NexusError {
  const { files } = environment
  let holder = 'another process'
  try {
    const fd = files.open(layout.holder, constants.O_RDONLY)
    holder = Buffer.from(readFullyNow(files, fd, { offset: 0, length: holderBytes })).toString('utf8').trim()
    files.close(fd)
  } catch (error) {
    holder = `another process (lock.holder does not tell which: ${systemCode(error) ?? String(error)})`
  }
  return new NexusError('busy', {
    op: 'lock',
    path: layout.lock,
    backend: 'local',
    reason: `Waited ${environment.lockTimeoutMs} ms for ${holder}, which is committing. Try again later, or end that process if it hangs.`,
  })
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await delay(ms, undefined, { signal })
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  }
}
