import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openMemory } from '@nexus/backend-memory'
import { describeBackend } from '@nexus/conformance'
import { type Backend, contentCache, type Layer, metadataCache } from '@nexus/core'
import { openMemoryStore, openObjectTree } from '@nexus/object-storage'
import { afterAll, beforeAll } from 'vitest'

let directory = ''
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nexus-cache-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

const layers: Readonly<Record<string, () => Layer>> = {
  metadataCache: () => metadataCache({ directory }),
  'metadataCache that remembers nothing': () => metadataCache({ directory, freshnessMs: 0 }),
  contentCache: () => contentCache({ directory, contentBytes: 64 * 1024 ** 2 }),
  'contentCache over metadataCache': () => (inner) => contentCache({ directory, contentBytes: 64 * 1024 ** 2 })(metadataCache({ directory })(inner)),
}

const backends: Readonly<Record<string, () => Backend>> = {
  Memory: () => Object.assign(openMemory(), { cacheScope: `memory ${crypto.randomUUID()}` }),
  'A tree of objects': () => openObjectTree(openMemoryStore()),
  'A tree of objects that lists all there is to know': () => openObjectTree(openMemoryStore({ listsFully: true, pageSize: 7 })),
}

for (const [name, open] of Object.entries(backends)) {
  const knownGaps = name === 'Memory' ? {} : { 'A path may hold 4,096 bytes.': 'a key has at most 1,024' }
  for (const [layerName, layer] of Object.entries(layers)) describeBackend(`${name} under ${layerName}`, { open: () => layer()(open()), knownGaps })
}
