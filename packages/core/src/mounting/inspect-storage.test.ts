import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { BackendDefinition, RepositoryStores } from '../contract/definition.ts'
import { NexusError } from '../contract/errors.ts'
import { fakeDefinition, fakeEnvironment } from './fake-definition.ts'
import { inspectStorageIn } from './inspect-storage.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'nexus-inspect-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

/** Stores of which only a few questions are asked. */
function fakeStores(descriptor: () => Promise<Uint8Array | undefined>, events: string[] = []): RepositoryStores {
  const journal = { identity: 'fake:1', name: 'fake', readDescriptor: descriptor, close: () => Promise.resolve(void events.push('close')) }
  return { journal, contents: {} } as unknown as RepositoryStores
}

function inspect(definition: BackendDefinition, options: object = {}): ReturnType<typeof inspectStorageIn> {
  return inspectStorageIn(fakeEnvironment(root), { uri: 'fake://place', options }, { backends: { fake: definition } })
}

it.each([['cas', 'repository'], ['path', 'files'], ['empty', 'nothing']] as const)('a backend that finds the layout %s: %s', async (layout, holds) => {
  const definition = { ...fakeDefinition({ layout }), openStore: () => Promise.reject(new Error('Looking opens nothing.')) }
  expect(await inspect(definition)).toMatchObject({ scheme: 'fake', holds })
  expect(await readdir(root)).toEqual([])
})

it('a repository without its descriptor is damaged; other failures are told with the URI', async () => {
  const failing = (code: 'corrupt' | 'unavailable'): BackendDefinition => ({
    ...fakeDefinition(), openStore: () => Promise.resolve(fakeStores(() => Promise.resolve(undefined))), detectLayout: () => Promise.reject(new NexusError(code, { op: 'stat' })),
  })
  expect(await inspect(failing('corrupt'))).toMatchObject({ holds: 'damaged' })
  await expect(inspect(failing('unavailable'))).rejects.toMatchObject({ code: 'unavailable', path: 'fake://place' })
})

it('a backend that cannot tell is asked for its descriptor, and closed again', async () => {
  const events: string[] = []
  const descriptors = [undefined, new Uint8Array(1)]
  const definition = { ...fakeDefinition(), openStore: () => Promise.resolve(fakeStores(() => Promise.resolve(descriptors.shift()), events)) }
  expect((await inspect(definition)).holds).toBe('nothing')
  expect((await inspect(definition)).holds).toBe('repository')
  expect(events).toEqual(['close', 'close'])
})

it('stores are opened with what the mount says, and an index in the state directory where the storage has no place for one', async () => {
  const definition = { ...fakeDefinition({ layout: 'cas' }), openStore: () => Promise.resolve(fakeStores(() => Promise.resolve(undefined))) }
  const stores = await (await inspect(definition, { readonly: true, verify: 'none' })).openStores()
  expect(stores).toMatchObject({ readonly: true, verify: 'none' })
  expect(stores.indexPath).toMatch(new RegExp(`^${join(root, 'state/index')}/[0-9a-f]{32}\\.db$`))
})

it('what cannot hold a repository is refused before anything is opened', async () => {
  const definition = fakeDefinition({ layout: 'path' })
  await expect(inspect(definition)).rejects.toMatchObject({ code: 'unsupported', path: 'fake://place' })
  await expect(inspectStorageIn(fakeEnvironment(root), 'nope://x')).rejects.toMatchObject({ code: 'invalid_config', path: 'nope://x' })
  expect(definition.events).toEqual([])
})
