import { describeBackend } from '@nexus/conformance'
import type { MemoryStoreOptions } from '../src/memory-request.ts'
import { openMemoryStore } from '../src/memory-store.ts'
import { openObjectTree } from '../src/tree/open-object-tree.ts'
import { withPrefix } from '../src/with-prefix.ts'

/** What every object store has in common. */
const knownGaps = { 'A path may hold 4,096 bytes.': 'a key has at most 1,024' }

const none = { absent: false, match: false }

/** Stores that differ in what their service can do, and where in the bucket the tree is. */
const stores: Readonly<Record<string, MemoryStoreOptions & { readonly prefix?: string }>> = {
  'a bucket': {},
  'a prefix of a bucket': { prefix: 'some/deep prefix/' },
  'a bucket that lists two at once': { pageSize: 2 },
  'a bucket that keeps versions and tells all in listings': { keepsVersions: true, listsFully: true },
  'a bucket without conditions': { conditions: none },
  'a prefix of a bucket that lists three at once, without conditional deletes': { prefix: 'p/', pageSize: 3, deletesMatching: false },
}

for (const [name, { prefix = '', ...options }] of Object.entries(stores)) {
  describeBackend(`a tree of objects, in ${name}`, {
    open: () => {
      const store = withPrefix(openMemoryStore(options), prefix)
      return { backend: openObjectTree(store), store }
    },
    knownGaps,
  })
}
