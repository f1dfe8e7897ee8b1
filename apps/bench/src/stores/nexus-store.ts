import localBackend from '@nexus/backend-local'
import { mount, type SlimNexusFS } from '@nexus/core'
import type { Durability } from '@nexus/core/contract'
import { countBytes, countEntries } from './consume.ts'
import type { TreeStore } from './store.ts'

/** A repository as people use it. */
export interface NexusMount {
  readonly fs: SlimNexusFS
  /** Where it is mounted. */
  readonly at: string
  readonly close: () => Promise<void>
}

/** Mounts a directory as a repository, remembering nothing. */
export async function openNexusMount(root: string, durability: Durability): Promise<NexusMount> {
  const at = '/data'
  const fs = await mount({ uri: `local://${root}?layout=cas&durability=${durability}`, at }, { ephemeral: true, backends: { local: localBackend } })
  return { fs, at, close: () => fs.close() }
}

/** Ours as people use it: `mount()`, hence facade, kernel, layers and repository. */
export async function openNexusStore(root: string, durability: Durability): Promise<TreeStore> {
  const { fs, at, close } = await openNexusMount(root, durability)
  return {
    name: 'nexus',
    file: (path) => {
      const full = at + path
      return { write: (bytes) => fs.write(full, bytes), read: () => fs.read(full), stat: () => fs.stat(full) }
    },
    // A write makes missing parents.
    prepare: () => Promise.resolve(),
    exists: (path) => fs.exists(at + path),
    listTree: (path) => countEntries(fs.list(at + path, { recursive: true })),
    copy: (from, to) => fs.copy(at + from, at + to),
    copyTree: (from, to) => fs.copyTree(at + from, at + to),
    rename: (from, to) => fs.rename(at + from, at + to),
    writeStream: (path, chunks) => fs.write(at + path, chunks),
    readStream: async (path) => countBytes((await fs.open(at + path)).stream()),
    settle: () => settle(fs, `${at}/settle`),
    close,
  }
}

/** History is read from the index, so asking for any brings the index up to the journal. */
async function settle(fs: SlimNexusFS, path: string): Promise<void> {
  if (!(await fs.exists(path))) await fs.write(path, 'x')
  for await (const _ of fs.versions(path)) break
}
