import { lstatSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { NexusError, type OpenContext } from '@nexus/core/contract'
import type { Database } from 'better-sqlite3'
import { attributesName } from './names.ts'
import type { Root } from './root.ts'

/** What a change needs of the order among processes. */
export interface OrderOptions {
  /** Whether the change depends on what it finds; a change that does not waits only where conditions are in use. */
  readonly conditional: boolean
  readonly signal?: AbortSignal | undefined
}

/**
 * Orders the changes of every Nexus process on this machine. A turn is a synchronous function (look, then rename), so that within a
 * process nothing comes between anyway; among processes SQLite's lock on `.nexus-attributes/lock.db` decides, which the operating
 * system takes back when its holder is killed. The file appears with the first condition that anybody asks for.
 */
export interface WriteOrder {
  readonly turn: <T>(options: OrderOptions, section: () => T) => Promise<T>
  readonly close: () => Promise<void>
}

const maxWaitMs = 30_000
const lockName = 'lock.db'

/** @param mark Makes `.nexus-attributes/`. */
export function createWriteOrder(root: Root, { now, random, mark }: Pick<OpenContext, 'now' | 'random'> & { readonly mark: () => Promise<void> }): WriteOrder {
  // A path and no descriptor: SQLite wants names, and closing a descriptor of the file would drop the locks of this process.
  const path = `${root.path}/${attributesName}/${lockName}`
  let opened: Promise<Database> | undefined

  const open = async (): Promise<Database> => {
    await mark()
    refuseLinks(root.path)
    const { default: Sqlite } = await import('better-sqlite3')
    return new Sqlite(path, { timeout: 0 })
  }

  const turn = async <T>({ conditional, signal }: OrderOptions, section: () => T): Promise<T> => {
    if (!conditional && lstatSync(path, { throwIfNoEntry: false }) === undefined) return section()
    const database = await (opened ??= open().catch((error: unknown) => {
      opened = undefined
      throw error
    }))
    const deadline = now() + maxWaitMs
    while (!tryBegin(database)) {
      if (now() > deadline) throw new NexusError('busy', { reason: `Another process has been changing "${root.path}" for ${maxWaitMs / 1000} s; try again later.` })
      // Jitter keeps processes that wait for each other from meeting again.
      await sleep(1 + ((random(new Uint8Array(1))[0] ?? 0) % 10), undefined, { signal })
    }
    try {
      signal?.throwIfAborted()
      return section()
    } finally {
      database.exec('COMMIT')
    }
  }

  const close = async (): Promise<void> => {
    const database = await opened
    database?.close()
  }
  return { turn, close }
}

function tryBegin(database: Database): boolean {
  try {
    database.exec('BEGIN IMMEDIATE')
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY') return false
    throw error
  }
}

function refuseLinks(rootPath: string): void {
  for (const path of [`${rootPath}/${attributesName}`, `${rootPath}/${attributesName}/${lockName}`]) {
    if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() !== true) continue
    throw new NexusError('unsupported', { reason: `"${path}" is a symbolic link, which is never followed; remove it.` })
  }
}
