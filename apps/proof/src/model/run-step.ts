import { type BatchOperation, type FileStat, parsePath, type Path, type RepositoryBackend } from '@nexus/core'
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
      return required(backend.append)(at(step.path), chunkBytes(step.chunk))
    case 'rename':
    case 'copy':
      return required(backend[step.op])(at(step.from), at(step.to))
    case 'delete':
      await backend.delete(at(step.path), { recursive: true })
      return undefined
    case 'batch':
      await required(backend.batch)(batchOperations(step, at))
      return undefined
  }
}

function batchOperations({ writes, remove }: Extract<Step, { op: 'batch' }>, at: (path: string) => Path): BatchOperation[] {
  const operations: BatchOperation[] = writes.map(({ path, chunk }) => ({ op: 'write', path: at(path), body: chunkBytes(chunk) }))
  return remove === undefined ? operations : [...operations, { op: 'delete', path: at(remove) }]
}

/** A repository has every verb; the contract's type does not say so. */
function required<T>(member: T | undefined): T {
  if (member === undefined) throw new TypeError('The repository lacks a verb that the proof uses.')
  return member
}
