import type Database from 'better-sqlite3'
import type { CallOptions } from '../../contract/backend.ts'
import { isNexusError } from '../../contract/errors.ts'
import type { Repository } from '../context.ts'
import type { ContentRow } from '../rows.ts'
import { type ContentFault, spreadFaults } from './content-problems.ts'
import { createPace } from './pace.ts'
import { readStoredTwice } from './read-stored.ts'
import { contentRows, hasBytes } from './stored-contents.ts'

interface ContentCheckOptions extends CallOptions {
  readonly readData: boolean
  readonly onContent: (row: ContentRow) => void
}

/** What was found: faults by digest, of contents with bytes of their own and of those made of them. */
export interface ContentCheck {
  readonly contents: number
  readonly bytes: number
  readonly faults: ReadonlyMap<string, ContentFault>
}

/** Looks that every known content is there in its size; with `readData` that it is what its digest says. */
export async function checkContents(repository: Repository, database: Database.Database, { readData, signal, onContent }: ContentCheckOptions): Promise<ContentCheck> {
  const pace = createPace(signal)
  const look = readData ? readThrough : await createGlance(repository)
  const faults = new Map<string, ContentFault>()
  let contents = 0
  let bytes = 0
  for (const row of contentRows(database, hasBytes)) {
    const fault = await look(repository, row, signal)
    if (fault !== undefined) faults.set(row.digest, { message: fault, key: row.key })
    contents++
    bytes += row.size
    onContent(row)
    await pace()
  }
  await spreadFaults(repository, { database, faults, pace })
  return { contents, bytes, faults }
}

type Look = (repository: Repository, row: ContentRow, signal: AbortSignal | undefined) => Promise<string | undefined>

async function readThrough(repository: Repository, row: ContentRow, signal: AbortSignal | undefined): Promise<string | undefined> {
  const found = await readStoredTwice(repository, row, signal)
  return typeof found === 'string' ? `it is ${found}` : undefined
}

/** Existence and size only; a pack or segment is looked at once. */
async function createGlance({ journal }: Repository): Promise<Look> {
  const segments = new Map((await journal.segments()).map(({ first, sizeBytes }) => [first, sizeBytes]))
  const packs = new Map<string, number | undefined>()
  return async (repository, { key, segment, offset, size }, signal) => {
    let sizeBytes: number | undefined
    if (key === null) sizeBytes = segments.get(segment ?? 0)
    else if (packs.has(key)) sizeBytes = packs.get(key)
    else sizeBytes = await sizeOf(repository, key, signal)
    if (key?.startsWith('packs/') === true) packs.set(key, sizeBytes)
    if (sizeBytes === undefined) return key === null ? 'the part of the journal that holds it is gone' : 'it is missing'
    const isWhole = key?.startsWith('cas/') === true ? sizeBytes === size : sizeBytes >= offset + size
    return isWhole ? undefined : 'it has another size'
  }
}

async function sizeOf({ contents }: Repository, key: string, signal: AbortSignal | undefined): Promise<number | undefined> {
  try {
    return (await contents.stat(key, { signal })).sizeBytes
  } catch (error) {
    if (isNexusError(error, 'not_found')) return undefined
    throw error
  }
}
