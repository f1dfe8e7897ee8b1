import { NexusError } from '@nexus/core/contract'
import { expect, it } from 'vitest'
import { openMemoryStore } from '../src/memory-store.ts'
import { quarantineObject } from '../src/repository/quarantine.ts'
import { bytes, keysIn } from './tree-kit.ts'

const key = `cas/ab/ab${'0'.repeat(62)}`

function open() {
  const memory = openMemoryStore()
  const store: typeof memory = {
    ...memory,
    // As radosgw 16: a condition is kept of a put, and refused of a copy.
    copy: async (from, to, options) => {
      if (options?.condition !== undefined) throw new NexusError('unsupported')
      return memory.copy(from, to, options)
    },
  }
  const context = { store, random: (array: Uint8Array<ArrayBuffer>) => crypto.getRandomValues(array), delay: () => Promise.resolve() }
  return { store, quarantine: () => quarantineObject(context, key) }
}

it('puts each damaged state aside under a name of its own, also where copies take no condition', async () => {
  const { store, quarantine } = open()
  for (const state of ['one', 'two']) {
    await store.put(key, bytes(state))
    await quarantine()
  }
  const names = (await keysIn(store)).filter((name) => name.startsWith('quarantine/'))
  // As docs/repository-format.md spells them, so that `fsck --repair` finds the digest in the name.
  for (const name of names) expect(name).toMatch(/^quarantine\/cas_ab_ab0{62}~\d+$/)
  const kept = await Promise.all(names.map(async (name) => new Response((await store.get(name))?.stream as ReadableStream<Uint8Array<ArrayBuffer>>).text()))
  expect(kept.sort()).toEqual(['one', 'two'])
})

it('says that there is nothing to put aside', async () => {
  await expect(open().quarantine()).rejects.toMatchObject({ code: 'not_found', path: key })
})
