import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { openLocalStore } from '@nexus/backend-local'
import { type ContentStore, type JournalStore, openRepository, type Path, parsePath, type RepositoryBackend, type RepositoryOptions } from '@nexus/core'
import { onTestFinished } from 'vitest'

/** How a repository of a test is opened. */
export interface TestRepositoryOptions extends Partial<Pick<RepositoryOptions, 'durability' | 'digest' | 'now' | 'readonly'>> {
  readonly root?: string
  /** Boot id of the machine. */
  readonly bootId?: string
  /** Puts something in front of the contents. */
  readonly around?: (contents: ContentStore) => ContentStore
  /** Puts something in front of the journal. */
  readonly aroundJournal?: (journal: JournalStore) => JournalStore
}

/** An open repository in a private directory. */
export interface TestRepository {
  readonly root: string
  readonly backend: RepositoryBackend
  readonly engine: RepositoryBackend['repository']
  readonly write: (path: string, body: string | Uint8Array) => Promise<void>
  readonly text: (path: string) => Promise<string>
  /** Whether a file reads back as these bytes; comparing large ones with `expect` is slow. */
  readonly holds: (path: string, bytes: Uint8Array) => Promise<boolean>
  readonly close: () => Promise<void>
}

/** A private directory that is removed after the test. */
export function temporaryRoot(): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'nexus-maintenance-')))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  return root
}

/** A path of the library. */
export function at(path: string): Path {
  return parsePath(path)
}

/** What stands in a directory of a repository, sorted. */
export function filesIn(root: string, directory: string): string[] {
  return readdirSync(join(root, directory), { recursive: true, withFileTypes: true })
    .flatMap((entry) => (entry.isFile() ? [join(relative(root, entry.parentPath), entry.name)] : []))
    .sort()
}

/** Changes one byte of a file, in the middle unless told. */
export function flip(path: string, offset?: number): void {
  const bytes = readFileSync(path)
  const place = offset ?? bytes.length >> 1
  bytes[place] = (bytes[place] ?? 0) ^ 0xff
  writeFileSync(path, bytes)
}

/** Opens a repository and closes it after the test. */
export async function openTestRepository({ root = temporaryRoot(), bootId, around = (contents) => contents, aroundJournal = (journal) => journal, ...options }: TestRepositoryOptions = {}): Promise<TestRepository> {
  const stores = await openLocalStore({ root, ...(bootId === undefined ? {} : { environment: { bootId } }) })
  const backend = await openRepository({ durability: 'os', ...stores, ...options, journal: aroundJournal(stores.journal), contents: around(stores.contents), indexPath: join(root, 'index.db') })
  onTestFinished(() => backend.close())
  return {
    root,
    backend,
    engine: backend.repository,
    write: async (path, body) => {
      await backend.write(at(path), typeof body === 'string' ? new TextEncoder().encode(body) : body)
    },
    text: async (path) => (await backend.read(at(path))).text(),
    holds: async (path, bytes) => Buffer.compare(await (await backend.read(at(path))).bytes(), bytes) === 0,
    close: () => backend.close(),
  }
}

/** Bytes that compress and repeat like none else: `seed` tells them apart. */
export function noise(sizeBytes: number, seed = 1): Uint8Array {
  const bytes = new Uint32Array(Math.ceil(sizeBytes / 4))
  let state = seed * 2654435761 || 1
  for (let index = 0; index < bytes.length; index++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[index] = state
  }
  return new Uint8Array(bytes.buffer, 0, sizeBytes)
}

/** All of an async iterable, as an optional operation gives it. */
export async function all<T>(items: AsyncIterable<T> | undefined): Promise<T[]> {
  const found: T[] = []
  for await (const item of items ?? []) found.push(item)
  return found
}

/** A journal that does something before the first of its turns to commit. */
export function beforeFirstTurn(work: () => Promise<unknown>): (journal: JournalStore) => JournalStore {
  let isDone = false
  return (journal) => ({
    ...journal,
    async append(from, prepare, options) {
      if (!isDone) {
        isDone = true
        await work()
      }
      return journal.append(from, prepare, options)
    },
  })
}
