import { randomBytes } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { createRecordCodec, NexusError, type RepositoryStores } from '@nexus/core/contract'
import Database from 'better-sqlite3'
import { claimRepository } from './claim-repository.ts'
import { createContents } from './contents.ts'
import type { JournalContext } from './context.ts'
import { parseIdentity, readDescriptorNow } from './descriptor.ts'
import { environmentOf, type LocalEnvironment } from './environment.ts'
import { toNexusError } from './errors.ts'
import { ensureDirectory, systemCode } from './files.ts'
import { createHeadFile } from './head.ts'
import { createJournal } from './journal.ts'
import { type Layout, layoutOf } from './layout.ts'
import { createLock } from './lock.ts'
import { isNetworkKind, processName } from './machine.ts'
import { createSegments } from './segments.ts'

/** What {@link openLocalStore} takes. */
export interface LocalStoreOptions {
  /** Directory of this machine; it need not exist yet. */
  readonly root: string
  /** Parts of the machine that a test replaces; everything else is as it is. */
  readonly environment?: Partial<LocalEnvironment> | undefined
}

/**
 * A directory as the storage of a repository: commits in segment files under a lock that orders processes, contents in files. Writes nothing before
 * `createDescriptor`.
 * @throws NexusError `unsupported` on a network file system, where neither the lock nor a sync means what it must; `busy` when another copy of SQLite
 *   in this process has it open
 */
export async function openLocalStore({ root: given, environment: parts = {} }: LocalStoreOptions): Promise<RepositoryStores> {
  const environment = environmentOf(parts)
  const root = canonicalPath(resolve(given))
  refuseNetwork(root, environment)
  const layout = layoutOf(root)
  const codec = await createRecordCodec()
  const scratch = scratchDirectory(layout, environment)
  const context: JournalContext = {
    layout,
    environment,
    codec,
    scratch,
    lock: createLock(layout, environment),
    head: createHeadFile(layout, codec, environment),
    segments: createSegments(layout, environment.files, codec),
    repository: repositoryId(layout, environment),
    target: undefined,
  }
  const identity = identityOf(root, environment)
  const release = claimRepository([root, identity], Database)
  const journal = createJournal(context, identity)
  const close = (): Promise<void> => journal.close().finally(release)
  return { journal: { ...journal, close }, contents: createContents({ layout, environment, scratch }), indexPath: layout.index }
}

function refuseNetwork(root: string, environment: LocalEnvironment): void {
  const kind = environment.filesystem(root)
  if (!isNetworkKind(kind)) return
  throw new NexusError('unsupported', {
    op: 'open',
    path: root,
    backend: 'local',
    reason: `A repository needs locks and syncs that ${kind} does not keep across machines. Put it on a local disk, or use layout=path.`,
  })
}

/** The path without symbolic links, as far as it exists. */
function canonicalPath(path: string): string {
  try {
    return realpathSync(path)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' || dirname(path) === path) throw error
    return join(canonicalPath(dirname(path)), basename(path))
  }
}

function identityOf(root: string, { files }: LocalEnvironment): string {
  try {
    const { dev, ino } = files.lstat(root)
    return `local:${dev}:${ino}`
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
    return `local:${root}`
  }
}

/** The id of the repository, read when it is first asked for. */
function repositoryId(layout: Layout, environment: LocalEnvironment): () => string {
  let known: string | undefined
  return () => {
    const bytes = known === undefined ? readDescriptorNow({ layout, environment }) : undefined
    known ??= bytes === undefined ? undefined : parseIdentity(bytes)?.id
    if (known !== undefined) return known
    throw new NexusError('not_found', { op: 'journal', path: layout.root, backend: 'local', reason: 'There is no repository here yet; its first write makes one.' })
  }
}

/** This store's own directory below `tmp/`, made when it is first needed. */
function scratchDirectory(layout: Layout, { bootId, files }: LocalEnvironment): () => string {
  let path: string | undefined
  return () => {
    if (path !== undefined) return path
    const wanted = join(layout.tmp, `${processName(bootId)}-${randomBytes(4).toString('hex')}`)
    try {
      ensureDirectory(files, layout.tmp)
      ensureDirectory(files, wanted)
    } catch (error) {
      throw toNexusError(error, 'write', layout.tmp)
    }
    return (path = wanted)
  }
}
