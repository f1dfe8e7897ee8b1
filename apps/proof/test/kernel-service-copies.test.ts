import { type Backend, createSlimNexusFS, type Kernel, NexusError } from '@nexus/core'
import { createMemoryService, type MemoryStore, type MemoryStoreOptions, openMemoryStore, openObjectTree } from '@nexus/object-storage'
import { beforeEach, describe, expect, it } from 'vitest'
import { at, bytes, fails, kernelWith, names, textOf } from './kernel-support.ts'

let stores: { readonly from: MemoryStore; readonly to: MemoryStore }
let kernel: Kernel
let before: MemoryStoreOptions['before']
let passed: number
const onPass = (sizeBytes: number): void => void (passed += sizeBytes)

async function build({ wrap = (backend: Backend) => backend, readonlySource = false }: { readonly wrap?: (backend: Backend) => Backend; readonly readonlySource?: boolean } = {}): Promise<void> {
  const service = createMemoryService()
  const forbidden: MemoryStoreOptions['before'] = (request) => before?.(request)
  stores = { from: openMemoryStore({ service, name: 'memory://from' }), to: openMemoryStore({ service, name: 'memory://to', before: forbidden }) }
  const from = openObjectTree(stores.from)
  await from.write(at('/d/f'), bytes('content'), { contentType: 'text/x', metadata: { note: 'kept' } })
  await from.write(at('/d/sub/g'), new Uint8Array(3_000_000))
  kernel = await kernelWith({ '/from': { backend: from, readonly: readonlySource }, '/to': { backend: wrap(openObjectTree(stores.to)) }, '/else': undefined })
}

/** Requests that moved bytes through this process. */
function bodies(): number {
  return stores.from.requests.get + stores.to.requests.get + stores.to.requests.put + stores.to.requests.putStream
}

beforeEach(async () => {
  before = undefined
  passed = 0
  await build()
})

describe('Between two mounts of one service', () => {
  it('a file is copied and renamed without a byte of it passing, in few requests', async () => {
    const looks = stores.from.requests.head
    expect(await kernel.copy(at('/from/d/f'), at('/to/copy'), { onPass })).toMatchObject({ path: '/to/copy', sizeBytes: 7, contentType: 'text/x', metadata: { note: 'kept' } })
    expect([bodies(), passed, stores.to.requests.copy]).toEqual([0, 0, 1])
    // One look at the source; at the target, whether a directory stands in the way.
    expect(stores.from.requests.head - looks).toBe(1)
    expect(stores.to.requests.list + stores.to.requests.head).toBeLessThanOrEqual(2)
    await kernel.rename(at('/from/d/sub/g'), at('/to/moved'), { onPass })
    expect([bodies(), passed, stores.to.requests.copy]).toEqual([0, 0, 2])
    expect((await kernel.stat(at('/to/moved'))).sizeBytes).toBe(3_000_000)
    await fails(kernel.stat(at('/from/d/sub/g')), 'not_found')
  })

  it('a directory is moved, and copied by copyTree, in the same way', async () => {
    await createSlimNexusFS(kernel).copyTree('/from/d', '/to/tree')
    await kernel.rename(at('/from/d'), at('/to/d'), { allowNonAtomic: true, onPass })
    expect([passed, stores.to.requests.copy, stores.from.requests.get]).toEqual([0, 4, 0])
    expect(await names(kernel.list(at('/to'), { recursive: true }))).toEqual(['/to/d/', '/to/d/f', '/to/d/sub/', '/to/d/sub/g', '/to/tree/', '/to/tree/f', '/to/tree/sub/', '/to/tree/sub/g'])
    expect(await names(kernel.list(at('/from')))).toEqual([])
  })

  it('a file is streamed onto one that is to be in a certain state, which no service is asked to look at', async () => {
    const { etag } = await kernel.write(at('/to/f'), bytes('old'))
    await fails(kernel.copy(at('/from/d/f'), at('/to/f'), { ifTargetMatch: '"other"' }), 'precondition_failed')
    expect(await textOf(kernel, '/to/f')).toBe('old')
    await kernel.copy(at('/from/d/f'), at('/to/f'), { ifTargetMatch: etag })
    expect([await textOf(kernel, '/to/f'), stores.to.requests.copy]).toEqual(['content', 0])
  })

  it('what may not be read there is streamed', async () => {
    before = ({ verb }) => {
      if (verb === 'copy') throw new NexusError('permission_denied', { op: 'copy' })
    }
    await kernel.copy(at('/from/d/f'), at('/to/f'), { onPass })
    expect([passed, await textOf(kernel, '/to/f')]).toEqual([7, 'content'])
  })

  it('conditions hold on both ends, and read-only holds too', async () => {
    await kernel.write(at('/to/standing'), bytes('standing'))
    await fails(kernel.copy(at('/from/d/f'), at('/to/standing'), { ifNoneMatch: '*' }), 'precondition_failed')
    await fails(kernel.copy(at('/from/d/f'), at('/to/standing'), { ifMatch: 'another' }), 'precondition_failed')
    expect(await textOf(kernel, '/to/standing')).toBe('standing')
    await build({ readonlySource: true })
    await kernel.copy(at('/from/d/f'), at('/to/f'))
    expect([bodies(), stores.to.requests.copy]).toEqual([0, 1])
    await fails(kernel.rename(at('/from/d/f'), at('/to/g')), 'read_only')
    await fails(kernel.copy(at('/to/f'), at('/from/g')), 'read_only')
  })

  it('the state that was looked at is copied, or the one that came then, and never a mixture', async () => {
    const wrap = (backend: Backend): Backend => ({
      ...backend,
      copyFrom: async (source, to, options) => {
        await stores.from.put('d/f', bytes('newer and longer'))
        return backend.copyFrom?.(source, to, options)
      },
    })
    await build({ wrap })
    expect(await kernel.copy(at('/from/d/f'), at('/to/f'))).toMatchObject({ sizeBytes: 16 })
    await fails(kernel.rename(at('/from/d/f'), at('/to/g')), 'precondition_failed')
    expect(await textOf(kernel, '/from/d/f')).toBe('newer and longer')
  })

  it('a copy of another length is damaged, and its source stays', async () => {
    const wrap = (backend: Backend): Backend => ({ ...backend, copyFrom: async (source, to, options) => ({ ...(await backend.stat((await backend.copyFrom?.(source, to, options))?.path ?? to)), sizeBytes: 6 }) })
    await build({ wrap })
    expect(await fails(kernel.rename(at('/from/d/f'), at('/to/f')), 'corrupt')).toContain('6 bytes')
    expect(await textOf(kernel, '/from/d/f')).toBe('content')
  })

  it('the layers of the target see the copy', async () => {
    const seen: string[] = []
    const watching = (inner: Backend): Backend => ({ ...inner, copyFrom: (source, to, options) => (seen.push(to), inner.copyFrom?.(source, to, options) ?? Promise.resolve(undefined)) })
    const layered = openObjectTree(openMemoryStore())
    await kernel.mount({ mountPoint: at('/layered'), backend: layered, backendType: 'memory', layers: { cache: watching } })
    await kernel.copy(at('/from/d/f'), at('/layered/f'))
    expect(seen).toEqual(['/f'])
    expect(await textOf(kernel, '/layered/f')).toBe('content')
  })

  it('between services everything is streamed', async () => {
    await kernel.copy(at('/from/d/f'), at('/else/f'), { onPass })
    expect([passed, stores.from.requests.get]).toEqual([7, 1])
  })
})
