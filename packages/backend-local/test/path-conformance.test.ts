import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type OpenedBackend, describeBackend } from '@nexus/conformance'
import type { Backend } from '@nexus/core/contract'
import { openTestTree } from './open-test-tree.ts'

for (const durability of ['os', 'fsync'] as const) {
  describeBackend(`local path, durability ${durability}`, {
    open: async () => {
      const directory = mkdtempSync(join(tmpdir(), 'nexus-local-path-'))
      const backend: Backend = await openTestTree(directory, { durability })
      const dispose = async (): Promise<void> => {
        await backend.close()
        rmSync(directory, { recursive: true, force: true })
      }
      return { backend, dispose, directory } satisfies OpenedBackend & { readonly directory: string }
    },
    reopen: ({ directory }) => openTestTree(directory, { durability }),
  })
}
