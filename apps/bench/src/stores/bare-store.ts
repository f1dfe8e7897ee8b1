import { openLocalStore } from '@nexus/backend-local'
import { openRepository } from '@nexus/core'
import { type Durability, isNexusError, parsePath, type Path } from '@nexus/core/contract'
import { countBytes, countEntries } from './consume.ts'
import type { TreeStore } from './store.ts'

/** Our repository alone, called as a backend: the difference to `nexus` is what kernel and facade cost. */
export async function openBareStore(root: string, durability: Durability): Promise<TreeStore> {
  const { journal, contents, indexPath } = await openLocalStore({ root })
  if (indexPath === undefined) throw new Error('A local store keeps its index beside the journal.')
  const backend = await openRepository({ journal, contents, indexPath, durability })
  const copy = (from: string, to: string): Promise<unknown> => backend.copy?.(parsePath(from), parsePath(to)) ?? incapable()
  return {
    name: 'repository',
    file: (name) => {
      const path = parsePath(name)
      return { write: (bytes) => backend.write(path, bytes), read: async () => (await backend.read(path)).bytes(), stat: () => backend.stat(path) }
    },
    // A write makes missing parents.
    prepare: () => Promise.resolve(),
    exists: (path) => exists(backend, parsePath(path)),
    listTree: (path) => countEntries(backend.list(parsePath(path), { recursive: true })),
    copy,
    copyTree: copy,
    rename: (from, to) => backend.rename?.(parsePath(from), parsePath(to)) ?? incapable(),
    writeStream: (path, chunks) => backend.write(parsePath(path), ReadableStream.from(chunks)),
    readStream: async (path) => countBytes((await backend.read(parsePath(path))).stream()),
    settle: async () => {
      await backend.repository.settleIndex()
    },
    close: () => backend.close(),
  }
}

function incapable(): never {
  throw new Error('A repository copies and renames.')
}

async function exists(backend: { readonly stat: (path: Path) => Promise<unknown> }, path: Path): Promise<boolean> {
  try {
    await backend.stat(path)
    return true
  } catch (error) {
    if (isNexusError(error, 'not_found')) return false
    throw error
  }
}
