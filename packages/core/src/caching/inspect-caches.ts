import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Database } from 'better-sqlite3'
import { filesBelow, scopeFile } from './block-disk.ts'
import { shortName } from './block-store.ts'
import { databaseFailure } from './database-failure.ts'

/** What this machine remembers of one storage, over all processes. */
export interface CachedScope {
  /** Names storage, reader and layout, without secrets. */
  readonly scope: string
  /** What people called the storage, the last name first. */
  readonly labels: readonly string[]
  /** Stats that are kept. */
  readonly stats: number
  readonly listings: number
  /** Entries of all listings together. */
  readonly listingEntries: number
  /** Answers of stats and listings that were given from here, and those that had to be asked for; counted when a mount is closed. */
  readonly hits: number
  readonly misses: number
  /** Blocks of contents on disk, and the bytes that they take. */
  readonly blocks: number
  readonly contentBytes: number
}

/** What is remembered in a state directory, by storage; empty where nothing is. @throws NexusError `busy` while another process opens the database for 30 seconds */
export async function inspectCaches(directory: string): Promise<readonly CachedScope[]> {
  const [metadata, contents] = [await metadataScopes(directory), await contentScopes(directory)]
  const names = [...new Set([...metadata.keys(), ...contents.keys()])].sort()
  const nothing = { labels: [], stats: 0, listings: 0, listingEntries: 0, hits: 0, misses: 0 }
  return names.map((scope) => {
    const { label, blocks = 0, contentBytes = 0 } = contents.get(scope) ?? {}
    const known = metadata.get(scope) ?? nothing
    const labels = label === undefined ? known.labels : [...new Set([...known.labels, label])]
    return { ...known, scope, labels, blocks, contentBytes }
  })
}

/** Forgets what is remembered of these storages; every process sees it at once, apart from blocks that it has in memory. */
export async function clearCaches(directory: string, scopes: readonly string[]): Promise<void> {
  const { clearScope } = await import('./metadata-scopes.ts')
  await inMetadata(directory, (database) => {
    for (const scope of scopes) clearScope(database, scope)
  })
  for (const scope of scopes) await rm(join(directory, 'content', shortName(scope, 16)), { recursive: true, force: true })
}

type MetadataScope = Omit<CachedScope, 'blocks' | 'contentBytes'>

async function metadataScopes(directory: string): Promise<Map<string, MetadataScope>> {
  const { listScopes } = await import('./metadata-scopes.ts')
  const scopes = await inMetadata(directory, listScopes)
  return new Map(scopes?.map((scope) => [scope.scope, scope]))
}

/** @returns `undefined` where no database is, or none that can be used */
async function inMetadata<T>(directory: string, work: (database: Database) => T): Promise<T | undefined> {
  const { metadataIdentity, openMetadataFile } = await import('./metadata-file.ts')
  const path = join(directory, 'metadata.db')
  if (metadataIdentity(path) === undefined) return undefined
  try {
    const { database } = await openMetadataFile(path)
    try {
      return work(database)
    } finally {
      database.close()
    }
  } catch (error) {
    if (databaseFailure(error) !== 'unusable') throw error
    return undefined
  }
}

interface ContentScope {
  readonly label: string | undefined
  readonly blocks: number
  readonly contentBytes: number
}

async function contentScopes(directory: string): Promise<Map<string, ContentScope>> {
  const scopes = new Map<string, ContentScope>()
  for (const name of await readdir(join(directory, 'content')).catch(absent)) {
    const place = join(directory, 'content', name)
    const description = await readFile(join(place, scopeFile), 'utf8').catch(absent)
    const { scope, label } = typeof description === 'string' ? parseDescription(description) : { scope: name, label: undefined }
    const files = await filesBelow(place)
    scopes.set(scope, { label, blocks: files.length, contentBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) })
  }
  return scopes
}

/** Of a directory that another process is just making or clearing. */
function absent(error: unknown): readonly string[] {
  if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return []
  throw error
}

function parseDescription(text: string): { readonly scope: string; readonly label: string | undefined } {
  const value = JSON.parse(text) as { readonly scope?: unknown; readonly label?: unknown }
  return { scope: String(value.scope), label: typeof value.label === 'string' ? value.label : undefined }
}
