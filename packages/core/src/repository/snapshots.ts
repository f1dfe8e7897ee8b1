import type { CallOptions, Snapshot } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import type { Path } from '../contract/paths.ts'
import type { Repository } from './context.ts'
import { presentRow } from './read.ts'
import { broken } from './run.ts'

/** Names the state of a directory, kept until the name is deleted. */
export async function snapshot(repository: Repository, path: Path, { name, signal }: { readonly name: string; readonly signal?: AbortSignal | undefined }): Promise<Snapshot> {
  try {
    signal?.throwIfAborted()
    repository.enter()
    if (repository.readonly) throw new NexusError('read_only', { reason: repository.readonlyReason })
    if (name === '' || name.includes('/') || name.length > 255) throw new NexusError('invalid_argument', { reason: 'A snapshot\'s name has 1 to 255 characters and no "/".' })
    await repository.ensureCreated(signal)
    const { header } = await repository.commit(
      (draft) => {
        const row = presentRow(repository, path)
        if (row.digest !== null) throw new NexusError('not_directory')
        const taken = repository.snapshots(row.node).some((known) => known.name === name)
        if (taken) throw new NexusError('already_exists', { reason: `There is a snapshot "${name}" of it already.` })
        draft.apply({ op: 'snapshot', node: row.node, name })
      },
      { signal },
    )
    return { name, path, createdAt: new Date(header?.time ?? 0), version: String(header?.sequence) }
  } catch (error) {
    throw await broken(repository, error, { op: 'snapshot', path, signal })
  }
}

/** The named states of a directory, oldest first. */
export async function* snapshots(repository: Repository, path: Path, { signal }: CallOptions = {}): AsyncGenerator<Snapshot> {
  try {
    signal?.throwIfAborted()
    repository.enter()
    await repository.settleIndex(signal)
    const { node } = presentRow(repository, path)
    for (const { name, sequence, time } of repository.snapshots(node)) yield { name, path, createdAt: new Date(time), version: String(sequence) }
  } catch (error) {
    throw await broken(repository, error, { op: 'snapshots', path, signal })
  }
}

/** Lets a named state go. */
export async function deleteSnapshot(repository: Repository, path: Path, { name, signal }: { readonly name: string; readonly signal?: AbortSignal | undefined }): Promise<void> {
  try {
    signal?.throwIfAborted()
    repository.enter()
    if (repository.readonly) throw new NexusError('read_only', { reason: repository.readonlyReason })
    await repository.settleIndex(signal)
    await repository.commit(
      (draft) => {
        const { node } = presentRow(repository, path)
        if (!repository.snapshots(node).some((known) => known.name === name)) throw new NexusError('not_found', { reason: `There is no snapshot "${name}" of it.` })
        draft.apply({ op: 'unsnapshot', node, name })
      },
      { signal },
    )
  } catch (error) {
    throw await broken(repository, error, { op: 'deleteSnapshot', path, signal })
  }
}
