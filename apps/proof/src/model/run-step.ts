import { type BatchOperation, collectGarbage, compact, type FileStat, parsePath, type Path, type RepositoryBackend, writeCheckpoint } from '@nexus/core'
import { chunkBytes } from './body.ts'
import type { Step } from './tree.ts'

/**
 * Does a step in a repository, below a directory.
 * @returns The stat of the file that the step made, for steps that make one
 */
export async function runStep(backend: RepositoryBackend, directory: string, step: Step): Promise<FileStat | undefined> {
  const at = (path: string): Path => parsePath(`${directory}/${path}`)
  switch (step.op) {
    case 'write':
      return backend.write(at(step.path), chunkBytes(step.chunk))
    case 'append':
      return verbs(backend).append(at(step.path), chunkBytes(step.chunk))
    case 'rename':
    case 'copy':
      return verbs(backend)[step.op](at(step.from), at(step.to))
    case 'delete':
      await backend.delete(at(step.path), { recursive: true })
      return undefined
    case 'batch':
      await verbs(backend).batch(batchOperations(step, at))
      return undefined
    case 'gc':
      await collectGarbage(backend.repository, { retention: { keepMs: 0, keepVersions: 1 } })
      return undefined
    case 'checkpoint':
      await writeCheckpoint(backend.repository)
      return undefined
    case 'compact':
      await compact(backend.repository)
      return undefined
  }
}

function batchOperations({ writes, remove }: Extract<Step, { op: 'batch' }>, at: (path: string) => Path): BatchOperation[] {
  const operations: BatchOperation[] = writes.map(({ path, chunk }) => ({ op: 'write', path: at(path), body: chunkBytes(chunk) }))
  return remove === undefined ? operations : [...operations, { op: 'delete', path: at(remove) }]
}

/** A repository has every verb; the contract's type does not say so. */
function verbs(backend: RepositoryBackend): Required<RepositoryBackend> {
  return backend as Required<RepositoryBackend>
}
