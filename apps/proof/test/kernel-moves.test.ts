import { openMemory } from '@nexus/backend-memory'
import type { Backend, Capabilities, FileContent } from '@nexus/core'
import { describe, expect, it } from 'vitest'
import { at, bytes, fails, isPending, kernelWith, names, textOf } from './kernel-support.ts'

function memoryWith(changed: Partial<Capabilities>): Backend {
  const memory = openMemory()
  return { ...memory, capabilities: { ...memory.capabilities, ...changed } }
}

/** Memory whose stored bytes differ from the written ones in one place. */
function flippingBits({ tellsDigest = false } = {}): Backend {
  const memory = openMemory()
  return {
    ...memory,
    write: async (path, body, options) => {
      const all = new Uint8Array(await new Response(body as Uint8Array<ArrayBuffer>).arrayBuffer())
      all[0] = (all[0] ?? 0) ^ 1
      const stat = await memory.write(path, all, { ...options, sizeBytes: undefined })
      return tellsDigest ? { ...stat, digest: `blake3:${'0'.repeat(64)}` } : stat
    },
  }
}

describe('Copy and rename across mounts', () => {
  for (const sizeBytes of [0, 11, 3_000_000]) {
    it(`carries ${sizeBytes} bytes with content type and metadata, and deletes the source of a rename`, async () => {
      const kernel = await kernelWith({ '/a': undefined, '/b': undefined })
      const body = new Uint8Array(sizeBytes).fill(7)
      const told = { contentType: 'text/x-test', metadata: { mode: '755', note: 'kept' } }
      await kernel.write(at('/a/f'), body, told)
      expect(await kernel.copy(at('/a/f'), at('/b/deep/copy'))).toMatchObject({ path: '/b/deep/copy', sizeBytes, ...told })
      expect(await kernel.rename(at('/a/f'), at('/b/moved'))).toMatchObject({ path: '/b/moved', sizeBytes, ...told })
      expect(await (await kernel.read(at('/b/moved'))).bytes()).toEqual(body)
      await fails(kernel.stat(at('/a/f')), 'not_found')
    })
  }

  it.each([11, 3_000_000])('tells of all %s bytes as they pass, is held back by a promise, and ended by a rejection', async (sizeBytes) => {
    const kernel = await kernelWith({ '/a': undefined, '/b': undefined })
    await kernel.write(at('/a/f'), new Uint8Array(sizeBytes))
    const gate = Promise.withResolvers<undefined>()
    let passed = 0
    const copying = kernel.copy(at('/a/f'), at('/b/f'), { onPass: async (size) => (await gate.promise, void (passed += size)) })
    expect(await isPending(copying)).toBe(true)
    gate.resolve(undefined)
    await copying
    expect(passed).toBe(sizeBytes)
    const onPass = (): Promise<void> => Promise.reject(new Error('enough'))
    await expect(kernel.rename(at('/a/f'), at('/b/g'), { onPass })).rejects.toThrow(/enough|The body failed/)
    expect((await kernel.stat(at('/a/f'))).sizeBytes).toBe(sizeBytes)
    await kernel.rename(at('/a/f'), at('/a/h'), { onPass })
  })

  it.each([flippingBits(), flippingBits({ tellsDigest: true })])('keeps the source when the copy is not what was sent', async (backend) => {
    const kernel = await kernelWith({ '/a': undefined, '/b': { backend } })
    await kernel.write(at('/a/f'), bytes('precious'))
    const message = await fails(kernel.rename(at('/a/f'), at('/b/f')), 'corrupt')
    expect(message).toContain('/b/f')
    expect(await textOf(kernel, '/a/f')).toBe('precious')
    await fails(kernel.copy(at('/a/f'), at('/b/f')), 'corrupt')
  })

  it.each([8, 1_000_000])('stores nothing when the source does not match its own digest (%s bytes)', async (sizeBytes) => {
    const memory = openMemory()
    const backend: Backend = {
      ...memory,
      read: async (path, options) => {
        const content: FileContent = await memory.read(path, options)
        return {
          ...content,
          stat: { ...content.stat, digest: `sha256:${'1'.repeat(64)}` },
          bytes: () => content.bytes(),
          stream: () => content.stream(),
        }
      },
    }
    const kernel = await kernelWith({ '/a': { backend }, '/b': undefined })
    await kernel.write(at('/a/f'), new Uint8Array(sizeBytes))
    expect(await fails(kernel.copy(at('/a/f'), at('/b/f')), 'corrupt')).toContain('/a/f')
    await fails(kernel.stat(at('/b/f')), 'not_found')
  })

  it('does not delete a source that somebody changed meanwhile, with and without ifMatch of the store', async () => {
    for (const ifMatch of ['native', false] as const) {
      const source = memoryWith({ ifMatch })
      const target = openMemory()
      const meddling: Backend = {
        ...target,
        write: async (path, body, options) => {
          const written = await target.write(path, body, options)
          await source.write(at('/f'), bytes('newer'))
          return written
        },
      }
      const kernel = await kernelWith({ '/a': { backend: source }, '/b': { backend: meddling } })
      await kernel.write(at('/a/f'), bytes('older'))
      await fails(kernel.rename(at('/a/f'), at('/b/f')), 'precondition_failed')
      expect([await textOf(kernel, '/a/f'), await textOf(kernel, '/b/f')]).toEqual(['newer', 'older'])
    }
  })

  it('moves a directory only when told that it is not atomic, and then all of it', async () => {
    const kernel = await kernelWith({ '/a': undefined, '/b': undefined })
    for (const path of ['/a/d/one', '/a/d/sub/two', '/a/dx']) await kernel.write(at(path), bytes(path))
    await kernel.mkdir(at('/a/d/empty'))
    expect(await fails(kernel.rename(at('/a/d'), at('/b/d')), 'unsupported')).toContain('allowNonAtomic')
    expect(await kernel.rename(at('/a/d'), at('/b/d'), { allowNonAtomic: true })).toMatchObject({ path: '/b/d', kind: 'directory' })
    expect(await names(kernel.list(at('/b'), { recursive: true }))).toEqual(['/b/d/', '/b/d/empty/', '/b/d/one', '/b/d/sub/', '/b/d/sub/two'])
    expect(await names(kernel.list(at('/a'), { recursive: true }))).toEqual(['/a/dx'])
    expect(await textOf(kernel, '/b/d/sub/two')).toBe('/a/d/sub/two')
    await fails(kernel.copy(at('/b/d'), at('/a/d')), 'is_directory')
  })

  it('moves up to eight files of a directory at once, tells of all their bytes, and deletes nothing before all arrived', async () => {
    const [source, target] = [openMemory(), openMemory()]
    let [underWay, most, arrived] = [0, 0, 0]
    const counting: Backend = {
      ...target,
      write: async (path, body, options) => {
        most = Math.max(most, ++underWay)
        await new Promise((resolve) => setImmediate(resolve))
        underWay--
        arrived++
        return target.write(path, body, options)
      },
    }
    const keeping: Backend = { ...source, delete: (path, options) => (expect(arrived).toBe(30), source.delete(path, options)) }
    const kernel = await kernelWith({ '/a': { backend: keeping }, '/b': { backend: counting } })
    for (let number = 0; number < 30; number++) await kernel.write(at(`/a/d/${number % 3}/${number}`), bytes('four'))
    let passed = 0
    await kernel.rename(at('/a/d'), at('/b/d'), { allowNonAtomic: true, onPass: (sizeBytes) => void (passed += sizeBytes) })
    expect([most, arrived, passed]).toEqual([8, 30, 120])
    expect(await names(kernel.list(at('/a')))).toEqual([])
  })

  it('leaves in place what somebody adds to a directory while it is moved', async () => {
    const source = openMemory()
    const target = openMemory()
    const adding: Backend = {
      ...target,
      write: async (path, body, options) => {
        await source.write(at('/d/added'), bytes('late'))
        return target.write(path, body, options)
      },
    }
    const kernel = await kernelWith({ '/a': { backend: source }, '/b': { backend: adding } })
    await kernel.write(at('/a/d/z'), bytes('early'))
    await kernel.rename(at('/a/d'), at('/b/d'), { allowNonAtomic: true }).catch((error: unknown) => error)
    const everywhere = [...(await names(kernel.list(at('/a'), { recursive: true }))), ...(await names(kernel.list(at('/b'), { recursive: true })))]
    expect(everywhere.filter((path) => path.endsWith('/added'))).toHaveLength(1)
    expect(everywhere.filter((path) => path.endsWith('/z'))).toHaveLength(1)
  })

  it.each(['/a/g', '/b/g'])('replaces %s by a copy in the state that was asked for, and in no other', async (path) => {
    const kernel = await kernelWith({ '/a': undefined, '/b': undefined, '/c': { backend: memoryWith({ ifMatch: false }) } })
    await kernel.write(at('/a/f'), bytes('new'))
    await fails(kernel.copy(at('/a/f'), at(path), { ifTargetMatch: 'none' }), 'precondition_failed')
    const { etag: old } = await kernel.write(at(path), bytes('old'))
    const { etag } = await kernel.write(at(path), bytes('newer'))
    await fails(kernel.copy(at('/a/f'), at(path), { ifTargetMatch: old }), 'precondition_failed')
    expect(await textOf(kernel, path)).toBe('newer')
    await kernel.copy(at('/a/f'), at(path), { ifTargetMatch: etag })
    expect(await textOf(kernel, path)).toBe('new')
    await fails(kernel.copy(at('/a/f'), at('/c/f'), { ifTargetMatch: etag }), 'unsupported')
  })

  it('keeps conditions: ifMatch of the source, ifNoneMatch of the target', async () => {
    const kernel = await kernelWith({ '/a': undefined, '/b': undefined })
    const { etag } = await kernel.write(at('/a/f'), bytes('new'))
    await kernel.write(at('/b/f'), bytes('standing'))
    await fails(kernel.copy(at('/a/f'), at('/b/f'), { ifMatch: 'another' }), 'precondition_failed')
    await fails(kernel.rename(at('/a/f'), at('/b/f'), { ifMatch: etag, ifNoneMatch: '*' }), 'precondition_failed')
    expect(await textOf(kernel, '/b/f')).toBe('standing')
    await kernel.rename(at('/a/f'), at('/b/f'), { ifMatch: etag })
    expect(await textOf(kernel, '/b/f')).toBe('new')
  })

  it('refuses to move where documents read back differently, and copies there', async () => {
    const kernel = await kernelWith({ '/bytes': undefined, '/docs': { backend: memoryWith({ fidelity: 'rendered' }) } })
    await kernel.write(at('/bytes/f'), bytes('text'))
    await fails(kernel.rename(at('/bytes/f'), at('/docs/f')), 'unsupported')
    await kernel.copy(at('/bytes/f'), at('/docs/f'))
    await fails(kernel.rename(at('/docs/f'), at('/bytes/g')), 'unsupported')
    expect(await textOf(kernel, '/docs/f')).toBe('text')
  })

  it('refuses to move a file whose metadata would be lost, and copies it without', async () => {
    const kernel = await kernelWith({ '/a': undefined, '/plain': { backend: memoryWith({ metadata: false }) } })
    await kernel.write(at('/a/f'), bytes('x'), { metadata: { note: 'kept' } })
    await fails(kernel.rename(at('/a/f'), at('/plain/f')), 'unsupported')
    await kernel.copy(at('/a/f'), at('/plain/f'))
    expect(await kernel.stat(at('/a/f'))).toMatchObject({ metadata: { note: 'kept' } })
  })

  it('keeps both mounts until it is done', async () => {
    const gate = Promise.withResolvers<undefined>()
    const memory = openMemory()
    const slow: Backend = { ...memory, write: async (path, body, options) => (await gate.promise, memory.write(path, body, options)) }
    const kernel = await kernelWith({ '/a': undefined, '/b': { backend: slow } })
    await kernel.write(at('/a/f'), bytes('x'))
    const moving = kernel.rename(at('/a/f'), at('/b/f'))
    await isPending(moving)
    const unmounting = [kernel.unmount('/a'), kernel.unmount('/b')]
    expect(await isPending(Promise.race(unmounting))).toBe(true)
    gate.resolve(undefined)
    expect(await moving).toMatchObject({ path: '/b/f' })
    await Promise.all(unmounting)
  })
})
