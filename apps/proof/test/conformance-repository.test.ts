import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLocalStore } from '@nexus/backend-local'
import { describeBackend } from '@nexus/conformance'
import { openRepository } from '@nexus/core'

for (const durability of ['fsync', 'os'] as const) {
  for (const digest of ['blake3', 'sha256'] as const) {
    describeBackend(`repository on a local disk, ${durability}, ${digest}`, {
      async open() {
        const root = await mkdtemp(join(tmpdir(), 'nexus-repository-'))
        const stores = await openLocalStore({ root })
        const backend = await openRepository({ ...stores, indexPath: join(root, 'index.db'), durability, digest })
        return { backend, dispose: () => rm(root, { recursive: true, force: true }) }
      },
    })
  }
}
