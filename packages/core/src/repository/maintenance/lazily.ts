import type { CallOptions } from '../../contract/backend.ts'
import type { ContentStore } from '../../contract/store.ts'
import type { Repository } from '../context.ts'
import type { RepositoryOptions } from '../open-repository.ts'
import type { BackupOptions, BackupReport } from './backup.ts'
import type { GarbageOptions, GarbageReport } from './collect-garbage.ts'
import type { CompactOptions, CompactReport } from './compact.ts'
import type { FsckOptions, FsckReport } from './fsck.ts'
import type { RestoreOptions, RestoreReport, RestoreTarget } from './restore-backup.ts'
import type { RetentionOptions, RetentionReport } from './retention.ts'
import type { ScrubOptions, ScrubReport } from './scrub.ts'
import type { WrittenCheckpoint } from './store-checkpoint.ts'

/**
 * Lets versions go that were replaced longer ago than `keepMs` or are beyond the newest `keepVersions`, and places that were left longer ago. The
 * newest version of a file that exists never goes, nor does anything of the repository as it was when a named snapshot was taken.
 * @throws NexusError `read_only`
 */
export async function applyRetention(repository: Repository, options?: RetentionOptions): Promise<RetentionReport> {
  return (await import('./retention.ts')).applyRetention(repository, options)
}

/**
 * Lets contents go that no file, version or snapshot refers to, after retention (unless told not to), with what crashes left behind.
 * @throws NexusError `read_only`
 */
export async function collectGarbage(repository: Repository, options?: GarbageOptions): Promise<GarbageReport> {
  return (await import('./collect-garbage.ts')).collectGarbage(repository, options)
}

/**
 * Writes the whole state without contents, reads it back, and keeps the newest two: an index is made again from it and the commits after it.
 * @throws NexusError `read_only`, `not_found` where there is no repository yet, `corrupt` when it reads back differently
 */
export async function writeCheckpoint(repository: Repository, options?: CallOptions): Promise<WrittenCheckpoint> {
  return (await import('./write-checkpoint.ts')).writeCheckpoint(repository, options)
}

/**
 * Moves the living contents of old segments into packs and lets those segments go, once two checkpoints cover them. Readers and writers may go on.
 * @throws NexusError `read_only`, `not_found` where there is no repository yet
 */
export async function compact(repository: Repository, options?: CompactOptions): Promise<CompactReport> {
  return (await import('./compact.ts')).compact(repository, options)
}

/** Reads and verifies every content; what reads wrong twice is put in quarantine, so that writing the same bytes again heals it. */
export async function scrub(repository: Repository, options?: ScrubOptions): Promise<ScrubReport> {
  return (await import('./scrub.ts')).scrub(repository, options)
}

/**
 * Checks an open repository, or storage whose repository may be too damaged to be opened: then the storage is closed afterwards. With `repair` it puts
 * right what can be put right, and lists what cannot.
 */
export async function fsck(target: Repository | RepositoryOptions, options?: FsckOptions): Promise<FsckReport> {
  return (await import('./fsck-storage.ts')).fsck(target, options)
}

/**
 * Copies a repository as of one commit into a place for objects, while writers go on; what an earlier backup brought there is not copied again.
 * @param target Empty, or an earlier backup of the same repository; a local directory as `openLocalStore({ root })` gives it (`contents`).
 * @throws NexusError `not_found` where there is no repository yet, `invalid_argument` for a backup of another repository, `corrupt` when a copy reads back differently
 */
export async function backup(repository: Repository, target: ContentStore, options?: BackupOptions): Promise<BackupReport> {
  return (await import('./backup.ts')).backup(repository, target, options)
}

/**
 * Makes a repository again from the newest whole backup: the same files, versions and snapshots under the same ids. Open it as any other afterwards.
 * @throws NexusError `not_found` when there is no whole backup, `already_exists` or `not_empty` when the target is not empty
 */
export async function restoreBackup(source: ContentStore, target: RestoreTarget, options?: RestoreOptions): Promise<RestoreReport> {
  return (await import('./restore-backup.ts')).restoreBackup(source, target, options)
}
