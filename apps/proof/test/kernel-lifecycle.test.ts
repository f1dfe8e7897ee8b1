import { openMemory } from '@nexus/backend-memory'
import { type Backend, createKernel, NexusError } from '@nexus/core'
import { describe, expect, it } from 'vitest'
import { at, bytes, fails, isPending, kernelWith, names, textOf } from './kernel-support.ts'

/** Memory that answers a stat only when told, and hears an abort. */
function gated(): { backend: Backend; open: () => void; closed: () => boolean } {
  const gate = Promise.withResolvers<undefined>()
  const memory = openMemory()
  let isClosed = false
  const backend: Backend = {
    ...memory,
    stat: async (path, options) => {
      const aborted = new Promise<never>((_resolve, reject) =>
        options?.signal?.addEventListener('abort', () => reject(options.signal?.reason as Error)),
      )
      await Promise.race([gate.promise, aborted])
      return memory.stat(path, options)
    },
    close: async () => {
      isClosed = true
      await memory.close()
    },
  }
  return { backend, open: () => gate.resolve(undefined), closed: () => isClosed }
}

describe('Mounting and unmounting while calls are in flight', () => {
  it('drains: waits for a call, refuses new ones at once, then closes the backend', async () => {
    const { backend, open, closed } = gated()
    const kernel = await kernelWith({ '/m': { backend } })
    const call = kernel.stat(at('/m'))
    const unmounting = kernel.unmount('/m')
    await fails(kernel.stat(at('/m/x')), 'mount_not_found')
    expect(await isPending(unmounting)).toBe(true)
    expect(closed()).toBe(false)
    open()
    await expect(call).resolves.toMatchObject({ kind: 'directory' })
    await unmounting
    expect(closed()).toBe(true)
    await kernel.mount({ mountPoint: at('/m'), backend: openMemory(), backendType: 'memory' })
  })

  it('without draining ends calls with unavailable', async () => {
    const { backend, closed } = gated()
    const kernel = await kernelWith({ '/m': { backend } })
    const call = fails(kernel.stat(at('/m'), { signal: new AbortController().signal }), 'unavailable')
    const other = fails(kernel.stat(at('/m')), 'unavailable')
    await kernel.unmount('/m', { drain: false })
    expect(await call).toContain('was unmounted')
    await other
    expect(closed()).toBe(true)
  })

  it('closes only after the unmounts that are under way', async () => {
    const { backend, open, closed } = gated()
    const kernel = await kernelWith({ '/m': { backend } })
    const call = kernel.stat(at('/m'))
    const unmounting = kernel.unmount('/m')
    const closing = kernel.close()
    expect(await isPending(closing)).toBe(true)
    open()
    await closing
    expect(closed()).toBe(true)
    await Promise.all([call, unmounting])
  })

  it('gives the draining up when its signal is aborted', async () => {
    const { backend } = gated()
    const kernel = await kernelWith({ '/m': { backend } })
    const call = fails(kernel.stat(at('/m')), 'unavailable')
    const aborter = new AbortController()
    const unmounting = kernel.unmount('/m', { signal: aborter.signal })
    expect(await isPending(unmounting)).toBe(true)
    aborter.abort()
    await unmounting
    await call
  })

  it.each(['read', 'cancelled', 'disposed'] as const)('waits for a stream that somebody took until it is %s', async (end) => {
    const kernel = await kernelWith({ '/m': undefined })
    await kernel.write(at('/m/f'), bytes('content'))
    const content = await kernel.read(at('/m/f'))
    const stream = content.stream()
    const unmounting = kernel.unmount('/m')
    expect(await isPending(unmounting)).toBe(true)
    if (end === 'disposed') await content[Symbol.asyncDispose]()
    else if (end === 'cancelled') await stream.cancel()
    else expect(await new Response(stream).text()).toBe('content')
    await unmounting
  })

  it('gives up a body that nobody began to read, so that a forgotten one holds nothing up', async () => {
    const kernel = await kernelWith({ '/m': undefined })
    await kernel.write(at('/m/f'), bytes('content'))
    const forgotten = await kernel.read(at('/m/f'))
    await kernel.close()
    await fails(forgotten.bytes(), 'unavailable')
  })

  it('without draining breaks a body whose reader rests, and one that nobody began', async () => {
    const kernel = await kernelWith({ '/m': undefined })
    await kernel.write(at('/m/f'), new Uint8Array(3_000_000))
    const [resting, untouched] = [await kernel.read(at('/m/f')), await kernel.read(at('/m/f'))]
    const reader = resting.stream().getReader()
    await reader.read()
    await kernel.unmount('/m', { drain: false })
    expect(await fails(reader.closed, 'unavailable')).toContain('/m/f')
    await fails(reader.read(), 'unavailable')
    await fails(untouched.bytes(), 'unavailable')
  })

  it('waits for an iteration until it ends or is left; without draining ends it', async () => {
    const kernel = await kernelWith({ '/m': undefined, '/n': undefined })
    for (const path of ['/m/a', '/m/b', '/n/a', '/n/b']) await kernel.write(at(path), bytes('x'))
    const [left, cut] = [kernel.list(at('/m'))[Symbol.asyncIterator](), kernel.list(at('/n'))[Symbol.asyncIterator]()]
    await Promise.all([left.next(), cut.next()])
    const unmounting = kernel.unmount('/m')
    expect(await isPending(unmounting)).toBe(true)
    await left.return?.()
    await unmounting
    await kernel.unmount('/n', { drain: false })
    await fails(cut.next(), 'unavailable')
  })

  it('ends feeds of changes instead of waiting for them', async () => {
    const kernel = await kernelWith({ '/m': undefined })
    const feeds = [kernel.changes(at('/m')), kernel.changes(at('/m'), { signal: new AbortController().signal }), kernel.changes(at('/'))]
    const ends = feeds.map((feed) => fails(feed[Symbol.asyncIterator]().next(), 'unavailable'))
    expect(await isPending(Promise.race(ends))).toBe(true)
    await kernel.unmount('/m')
    await Promise.all(ends)
  })

  it('serves thousands of calls while mounts come and go, none with a wrong answer', async () => {
    const kernel = await kernelWith({ '/': undefined })
    await kernel.write(at('/m/f'), bytes('below'))
    const seen = new Set<string>()
    const remount = async (): Promise<void> => {
      for (let round = 0; round < 100; round++) {
        const backend = openMemory()
        await backend.write(at('/f'), bytes('mounted'))
        const id = await kernel.mount({ mountPoint: at('/m'), backend, backendType: 'memory' })
        await isPending(Promise.resolve())
        await kernel.unmount(id)
      }
    }
    let isRunning = true
    const readAll = async (): Promise<void> => {
      while (isRunning) {
        seen.add(await textOf(kernel, '/m/f'))
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    const readers = Array.from({ length: 8 }, readAll)
    await remount()
    isRunning = false
    await Promise.all(readers)
    expect([...seen].sort()).toEqual(['below', 'mounted'])
  })

  it('closes a backend with its last mount only', async () => {
    const backend = openMemory()
    const kernel = await kernelWith({ '/a': { backend }, '/b': { backend } })
    await kernel.unmount('/a')
    await kernel.write(at('/b/f'), bytes('still open'))
    await kernel.unmount('/b')
    await fails(backend.stat(at('/')), 'unavailable')
  })

  it('closes all mounts once, in reverse order, also when one fails', async () => {
    const order: string[] = []
    const noting = (name: string): Backend => ({ ...openMemory(), close: () => Promise.resolve(void order.push(name)) })
    const broken: Backend = { ...openMemory(), close: () => Promise.reject(new NexusError('unavailable', { reason: 'It is gone.' })) }
    const kernel = await kernelWith({ '/a': { backend: noting('a') }, '/b': { backend: broken }, '/c': { backend: noting('c') } })
    const [first, second] = [kernel.close(), kernel.close()]
    expect(await fails(first, 'unavailable')).toContain('/b')
    await fails(second, 'unavailable')
    expect(order).toEqual(['c', 'a'])
    await fails(kernel.stat(at('/a')), 'unavailable')
    await fails(names(kernel.list(at('/a'))), 'unavailable')
    await fails(kernel.mount({ mountPoint: at('/z'), backend: openMemory(), backendType: 'memory' }), 'unavailable')
  })

  it('names mounts by id and by place, and refuses what is taken or unknown', async () => {
    const kernel = createKernel()
    const entry = { backend: openMemory(), backendType: 'memory', name: 'docs', layout: 'path', uri: 'memory://docs' } as const
    expect(await kernel.mount({ ...entry, mountPoint: at('/a'), id: 'mine', priority: 2, readonly: true })).toBe('mine')
    const info = kernel.mountInfo(at('/a/deep/down'))
    expect(info).toMatchObject({
      id: 'mine',
      name: 'docs',
      mountPoint: '/a',
      uri: 'memory://docs',
      backendType: 'memory',
      layout: 'path',
      priority: 2,
      readonly: true,
      state: 'active',
    })
    expect(info?.capabilities.readonly).toBe(true)
    await fails(kernel.mount({ ...entry, mountPoint: at('/b'), id: 'mine' }), 'invalid_argument')
    expect(await fails(kernel.mount({ ...entry, mountPoint: at('/a'), uri: 'memory://two' }), 'mount_collision')).toMatch(
      /memory:\/\/docs.*memory:\/\/two/,
    )
    await fails(kernel.mount({ ...entry, mountPoint: at('/a/b') }), 'mount_collision')
    await fails(kernel.unmount('nobody'), 'mount_not_found')
    await fails(kernel.unmount('/__sys__'), 'mount_not_found')
    await kernel.unmount('mine')
    expect(kernel.mounts()).toEqual([])
    expect(kernel.mountInfo(at('/a'))).toBeUndefined()
  })
})
