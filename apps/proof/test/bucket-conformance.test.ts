import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeBackend } from '@nexus/conformance'
import { openRepository } from '@nexus/core'
import { openBucketStores, openMemoryStore } from './bucket-kit.ts'

for (const freshnessMs of [0, 2_000]) {
  describeBackend(`repository in a bucket, freshness ${freshnessMs} ms`, {
    async open() {
      const directory = await mkdtemp(join(tmpdir(), 'nexus-bucket-'))
      const stores = await openBucketStores(openMemoryStore(), { now: Date.now, random: (bytes) => crypto.getRandomValues(bytes) })
      const backend = await openRepository({ ...stores, freshnessMs, indexPath: join(directory, 'index.db') })
      return { backend, dispose: () => rm(directory, { recursive: true, force: true }) }
    },
  })
}
