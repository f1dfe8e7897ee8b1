import { mkdir } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { type InspectedStorage, parseUri, readMounts, rememberedSource, type RepositoryOptions, type UriSource } from '@nexus/core'
import { NexusError } from '@nexus/core/contract'
import type { Cli } from '../cli.ts'
import { toHostError } from '../copy/host-error.ts'
import { hostDirectory } from '../paths/host-directory.ts'
import { escapeUri } from '../paths/uri-mount.ts'
import { inspectStorage } from '../with-local.ts'

/** Opened stores, closed when the work with them ends. */
export interface OpenedPlace extends RepositoryOptions, AsyncDisposable {}

/** Where a restored repository goes. */
export interface RestorePlace {
  readonly storage: InspectedStorage
  /** As `nexus-fs mount` takes it; `undefined` where it is mounted already. */
  readonly uri: string | undefined
  /** A path of the restored repository as the person writes it. */
  readonly shown: (inner: string) => string
}

const keptPrefixes = ['checkpoints/', 'cas/', 'packs/']

/**
 * Opens the place that a backup goes to: empty, or with an earlier backup, also one that was broken off.
 * @param text A directory of this machine, or a URI.
 * @throws NexusError `already_exists` for a repository, `not_empty` for other content
 */
export async function openBackupTarget(cli: Cli, text: string): Promise<OpenedPlace> {
  const storage = await inspectPlace(cli, text)
  if (storage.holds === 'repository' || storage.holds === 'damaged') {
    throw new NexusError('already_exists', { op: 'backup', path: text, reason: 'A repository stands there. A backup goes to a place of its own; name another directory.' })
  }
  await makeHostDirectory(cli, text)
  const opened = await openPlace(storage)
  if (storage.holds !== 'files' || (await holdsAny(opened, { prefixes: keptPrefixes, signal: cli.signal }))) return opened
  await opened[Symbol.asyncDispose]()
  throw new NexusError('not_empty', { op: 'backup', path: text, reason: 'Other files stand there, and no backup. Name an empty directory, or one that is not there yet.' })
}

/**
 * Opens the place that a backup is brought back from.
 * @throws NexusError `not_found` where no backup stands, `invalid_argument` for a repository, `corrupt` for a backup whose state is lost
 */
export async function openBackup(cli: Cli, text: string): Promise<OpenedPlace> {
  const storage = await inspectPlace(cli, text)
  const refuse = (code: 'not_found' | 'invalid_argument' | 'corrupt', reason: string): never => {
    throw new NexusError(code, { op: 'restore', path: text, reason })
  }
  if (storage.holds === 'nothing') refuse('not_found', 'No backup stands there: it is absent or empty.')
  if (storage.holds === 'repository' || storage.holds === 'damaged') refuse('invalid_argument', 'That is a repository, and not a backup of one. Mount it as it is, or check it: nexus-fs fsck.')
  const opened = await openPlace(storage)
  const { signal } = cli
  if (await holdsAny(opened, { prefixes: ['checkpoints/'], signal })) return opened
  const isBegun = await holdsAny(opened, { prefixes: keptPrefixes, signal })
  await opened[Symbol.asyncDispose]()
  return isBegun ? refuse('corrupt', 'A backup was begun there and never finished, or its checkpoints/ were lost. Make the backup again; it goes on where it was.') : refuse('not_found', 'No backup stands there, only other files. A backup has checkpoints/, cas/ and packs/.')
}

/**
 * Finds the place that a repository is made in: an empty one, or one where that was begun and broken off.
 * @param text A directory of this machine, a URI, or the mount point of a mount that is empty.
 * @throws NexusError `already_exists`, `not_empty`
 */
export async function findRestorePlace(cli: Cli, text: string): Promise<RestorePlace> {
  const mounted = (await readMounts()).find(({ mountPoint }) => mountPoint === text)
  const source = mounted === undefined ? sourceOf(cli, text) : rememberedSource(mounted)
  const storage = await inspectStorage(source, { signal: cli.signal })
  const base = mounted?.mountPoint ?? (isUri(text) ? text : `local://${text.replace(/^host:/, '')}`)
  if (storage.holds === 'damaged') throw new NexusError('already_exists', { op: 'restore', path: text, reason: 'A repository stands there, which a restore never touches. Name an empty directory, or one that is not there yet.' })
  if (storage.holds === 'files') throw new NexusError('not_empty', { op: 'restore', path: text, reason: 'Files stand there, which a restore never touches. Name an empty directory, or one that is not there yet.' })
  return { storage, uri: mounted === undefined ? base : undefined, shown: (inner) => base.replace(/\/$/, '') + inner }
}

async function inspectPlace(cli: Cli, text: string): Promise<InspectedStorage> {
  const mount = isAbsolute(text) ? (await readMounts()).find(({ mountPoint }) => isBelow(text, mountPoint)) : undefined
  if (mount !== undefined) {
    throw new NexusError('invalid_argument', { op: 'backup', path: text, reason: `A backup stands in a directory of this machine, and Nexus has ${mount.mountPoint} mounted. If the directory is meant, write host:${text}` })
  }
  return await inspectStorage(sourceOf(cli, text), { signal: cli.signal })
}

/** Whether a written path is a mount point or lies under one; the root is every path's, and says nothing. */
function isBelow(text: string, mountPoint: string): boolean {
  return mountPoint !== '/' && (text === mountPoint || text.startsWith(`${mountPoint}/`))
}

function sourceOf({ workingDirectory }: Cli, text: string): UriSource {
  return { uri: isUri(text) ? text : `local://${escapeUri(hostDirectory(text.replace(/^host:/, ''), workingDirectory))}` }
}

/** A directory of this machine is made with all that leads to it; other storage has no directories to make. */
async function makeHostDirectory(cli: Cli, text: string): Promise<void> {
  const { scheme, authority } = parseUri(sourceOf(cli, text).uri, { cwd: cli.workingDirectory })
  if (scheme !== 'local') return
  const directory = hostDirectory(authority, cli.workingDirectory)
  await mkdir(directory, { recursive: true }).catch((error: unknown) => {
    throw toHostError(error, directory, 'backup')
  })
}

function isUri(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//.test(text)
}

async function openPlace(storage: InspectedStorage): Promise<OpenedPlace> {
  const stores = await storage.openStores()
  return { ...stores, [Symbol.asyncDispose]: () => stores.journal.close() }
}

async function holdsAny({ contents }: OpenedPlace, { prefixes, signal }: { readonly prefixes: readonly string[]; readonly signal: AbortSignal }): Promise<boolean> {
  for (const prefix of prefixes) {
    const first = await contents.list(prefix, { signal })[Symbol.asyncIterator]().next()
    if (first.done !== true) return true
  }
  return false
}
