import type { CallOptions } from '../../contract/backend.ts'
import { NexusError } from '../../contract/errors.ts'
import type { ContentStore, JournalStore } from '../../contract/store.ts'
import type { Descriptor } from '../context.ts'
import { encodeDescriptor, newDescriptor, parseDescriptor } from '../descriptor.ts'
import { openHasher } from '../digest.ts'
import type { ContentRow } from '../rows.ts'
import { type Checkpoint, checkpointLines, type CheckpointSource, listCheckpoints, openCheckpoint } from './checkpoint-file.ts'
import { readStored } from './read-stored.ts'

/** How a backup is restored. */
export interface RestoreOptions extends CallOptions {
  readonly onProgress?: ((progress: { readonly contents: number; readonly bytes: number }) => void) | undefined
}

/** What was restored. */
export interface RestoreReport {
  /** The last commit of the repository. */
  readonly sequence: number
  readonly contents: number
  readonly bytes: number
  /** Digests of contents that are damaged in the backup: their files read as `corrupt`, and fsck names them. */
  readonly damaged: readonly string[]
}

/** An empty place for a repository. */
export interface RestoreTarget {
  readonly journal: JournalStore
  readonly contents: ContentStore
}

/**
 * Makes a repository again from the newest whole backup: the same files, versions and snapshots under the same ids. Open it as any other afterwards.
 * What was broken off is begun again by the same call.
 * @throws NexusError `not_found` when there is no backup, `corrupt` when none is whole, `already_exists` or `not_empty` when the target is not empty
 */
export async function restoreBackup(source: ContentStore, target: RestoreTarget, options: RestoreOptions = {}): Promise<RestoreReport> {
  const { signal } = options
  const found = await findBackup(source, signal)
  if (found === undefined) throw new NexusError('not_found', { op: 'restore', reason: 'No backup stands there: a backup has checkpoints/, cas/ and packs/.' })
  const { store, descriptor, checkpoint } = found
  await begin(target.journal, descriptor, signal)
  const copied = await copyContents(store, { checkpoint, target, options })
  await copyObject(source, target.contents, { key: checkpoint.key, sizeBytes: checkpoint.sizeBytes, signal })
  await target.journal.begin(checkpoint.sequence, { signal })
  return { sequence: checkpoint.sequence, ...copied }
}

/** Takes an empty place, or one where a restore of the same repository was broken off: until it ends there is no journal. */
async function begin(journal: JournalStore, descriptor: Descriptor, signal: AbortSignal | undefined): Promise<void> {
  const standing = await journal.readDescriptor({ signal })
  if (standing === undefined) return journal.createDescriptor(encodeDescriptor(descriptor), { signal })
  if (parseDescriptor(standing, journal.name).id === descriptor.id && (await journal.oldest({ signal })) === undefined) return
  throw new NexusError('already_exists', { op: 'restore', path: journal.name, reason: 'A repository stands there; restore into an empty place.' })
}

interface Backup {
  readonly store: CheckpointSource
  readonly descriptor: Descriptor
  readonly checkpoint: Checkpoint
}

async function findBackup(contents: ContentStore, signal: AbortSignal | undefined): Promise<Backup | undefined> {
  let damaged: string | undefined
  for (const digest of ['blake3', 'sha256'] as const) {
    const store = { contents, hasher: await openHasher(digest) }
    for (const { key } of await listCheckpoints(contents, signal)) {
      const checkpoint = await openCheckpoint(store, key, signal)
      if (checkpoint === undefined) {
        damaged ??= key
        continue
      }
      for await (const head of checkpointLines(store, key, signal)) {
        const base = newDescriptor({ id: String(head['repository']), digest, created: Number(head['created']) })
        return { store, checkpoint, descriptor: { ...base, inlineLimitBytes: Number(head['inlineLimitBytes']) } }
      }
    }
  }
  if (damaged !== undefined) throw new NexusError('corrupt', { op: 'restore', path: damaged, reason: 'No backup there is whole: each of its checkpoints is damaged. Take another copy of the backup.' })
  return undefined
}

interface Copying {
  readonly checkpoint: Checkpoint
  readonly target: RestoreTarget
  readonly options: RestoreOptions
}

async function copyContents(store: CheckpointSource, { checkpoint, target, options: { signal, onProgress } }: Copying): Promise<Omit<RestoreReport, 'sequence'>> {
  const damaged: string[] = []
  const packs = new Set<string>()
  let copied = { contents: 0, bytes: 0 }
  for await (const line of checkpointLines(store, checkpoint.key, signal)) {
    if (line.kind !== 'content' || typeof line['key'] !== 'string') continue
    const row = line as unknown as ContentRow & { readonly key: string }
    const bytes = await readStored({ ...store, journal: target.journal }, row, signal)
    if (typeof bytes === 'string') {
      damaged.push(row.digest)
      continue
    }
    if (row.key.startsWith('cas/')) await storeObject(target.contents, { key: row.key, bytes, signal })
    else if (!packs.has(row.key)) {
      packs.add(row.key)
      const { sizeBytes } = await store.contents.stat(row.key, { signal })
      await copyObject(store.contents, target.contents, { key: row.key, sizeBytes, signal })
    }
    copied = { contents: copied.contents + 1, bytes: copied.bytes + bytes.length }
    onProgress?.(copied)
  }
  return { ...copied, damaged }
}

async function copyObject(from: ContentStore, to: ContentStore, { key, sizeBytes, signal }: { key: string; sizeBytes: number; signal: AbortSignal | undefined }): Promise<void> {
  await storeObject(to, { key, bytes: await from.read(key, { offset: 0, length: sizeBytes }, { signal }), signal })
}

async function storeObject(to: ContentStore, { key, bytes, signal }: { key: string; bytes: Uint8Array; signal: AbortSignal | undefined }): Promise<void> {
  const staged = await to.stage(key, bytes, { durability: 'fsync', signal })
  await staged.publish()
  await to.settle({ durability: 'fsync', signal })
}
