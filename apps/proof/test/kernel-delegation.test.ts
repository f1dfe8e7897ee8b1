import { openMemory } from '@nexus/backend-memory'
import { type Backend, isNexusError, NexusError, readonly } from '@nexus/core'
import { describe, expect, it } from 'vitest'
import { at, bytes, fails, kernelWith, names } from './kernel-support.ts'

/** Only what every backend has, and no variant. Counts what reaches it. */
function bare(): { backend: Backend; calls: () => number } {
  const memory = openMemory()
  let calls = 0
  const counted =
    <A extends unknown[], R>(call: (...args: A) => R) =>
    (...args: A): R => {
      calls++
      return call(...args)
    }
  const backend: Backend = {
    scheme: 'bare',
    capabilities: {
      fidelity: 'bytes',
      readonly: false,
      ifMatch: false,
      ifNoneMatch: false,
      ranges: false,
      append: false,
      metadata: false,
      emptyDirectories: true,
      rename: false,
      directoryRename: false,
      copy: false,
      batch: false,
      versions: false,
      snapshots: false,
      changes: false,
      search: false,
      presign: false,
      maxSizeBytes: 4,
    },
    stat: counted((path, options) => memory.stat(path, options)),
    read: counted((path, options) => memory.read(path, options)),
    write: counted((path, body, options) => memory.write(path, body, options)),
    delete: counted((path, options) => memory.delete(path, options)),
    list: counted((path, options) => memory.list(path, options)),
    mkdir: counted((path, options) => memory.mkdir(path, options)),
    close: () => memory.close(),
  }
  return { backend, calls: () => calls }
}

describe('What a mount cannot do', () => {
  it('fails with unsupported, naming the mount, before anything reaches the backend', async () => {
    const { backend, calls } = bare()
    const kernel = await kernelWith({ '/m': { backend, uri: 'bare://store' } })
    const path = at('/m/f')
    const body = bytes('x')
    const asked = [
      kernel.read(path, { ifMatch: 'e' }),
      kernel.read(path, { range: { offset: 0 } }),
      kernel.read(path, { version: 'v' }),
      kernel.read(path, { snapshot: 's' }),
      kernel.stat(path, { version: 'v' }),
      names(kernel.list(at('/m'), { snapshot: 's' })),
      kernel.write(path, body, { ifMatch: 'e' }),
      kernel.write(path, body, { ifNoneMatch: '*' }),
      kernel.write(path, body, { metadata: { a: 'b' } }),
      kernel.delete(path, { ifMatch: 'e' }),
      kernel.append(path, body),
      kernel.setMetadata(path, {}),
      kernel.rename(path, at('/m/g')),
      kernel.copy(path, at('/m/g')),
      kernel.batch([{ op: 'delete', path }]),
      names(kernel.versions(path)),
      kernel.snapshot(at('/m'), 's'),
      kernel.deleteSnapshot(at('/m'), 's'),
      names(kernel.changes(at('/m'))),
      names(kernel.search(at('/m'), 'x')),
      kernel.presign(path, { method: 'GET', expiresInMs: 1 }),
      kernel.usage(at('/m')),
    ]
    for (const call of asked) expect(await fails(call, 'unsupported')).toContain('bare://store')
    await fails(kernel.write(path, bytes('too long')), 'invalid_argument')
    expect(calls()).toBe(0)
  })

  it('refuses ranges that are none before any I/O', async () => {
    let reads = 0
    const memory = openMemory()
    const backend: Backend = { ...memory, read: (path, options) => (reads++, memory.read(path, options)) }
    const kernel = await kernelWith({ '/m': { backend } })
    const ranges = [{ offset: -1 }, { offset: 0.5 }, { offset: 0, length: -1 }, { suffix: Number.NaN }]
    for (const range of ranges) await fails(kernel.read(at('/m/absent'), { range }), 'invalid_argument')
    expect(reads).toBe(0)
  })

  it('refuses changes of a read-only mount with read_only, and reads it', async () => {
    const memory = openMemory()
    await memory.write(at('/f'), bytes('x'))
    const kernel = await kernelWith({ '/m': { backend: memory, readonly: true }, '/w': undefined })
    const path = at('/m/f')
    const asked = [
      kernel.write(path, bytes('y')),
      kernel.append(path, bytes('y')),
      kernel.delete(path),
      kernel.mkdir(at('/m/d')),
      kernel.setMetadata(path, {}),
      kernel.rename(path, at('/m/g')),
      kernel.rename(path, at('/w/g')),
      kernel.copy(path, at('/m/g')),
      kernel.copy(at('/w/x'), at('/m/g')),
      kernel.batch([{ op: 'delete', path }]),
      kernel.snapshot(at('/m'), 's'),
      kernel.deleteSnapshot(at('/m'), 's'),
      kernel.presign(path, { method: 'PUT', expiresInMs: 1 }),
    ]
    for (const call of asked) await fails(call, 'read_only')
    await kernel.copy(path, at('/w/copy'))
    expect(kernel.capabilitiesAt(path).readonly).toBe(true)
    expect(kernel.capabilitiesAt(at('/w')).readonly).toBe(false)
    expect(kernel.capabilities.readonly).toBe(true)
    expect(kernel.capabilitiesAt(at('/nothing')).readonly).toBe(true)
    expect(Object.keys(readonly()(memory)).sort()).toEqual(Object.keys(memory).sort())
  })
})

describe('What the kernel passes on', () => {
  it('tells paths as its caller knows them, everywhere', async () => {
    const kernel = await kernelWith({ '/m': undefined })
    const feed = kernel.changes(at('/m'))[Symbol.asyncIterator]()
    const first = feed.next()
    await kernel.write(at('/m/d/f'), bytes('one'))
    expect((await first).value).toMatchObject({ path: expect.stringMatching(/^\/m\//) as string })
    await feed.return?.()
    await kernel.rename(at('/m/d/f'), at('/m/d/g'))
    expect(await names(kernel.versions(at('/m/d/g')))).toContain('/m/d/g')
    expect(await kernel.snapshot(at('/m/d'), 'first')).toMatchObject({ path: '/m/d' })
    expect(await names(kernel.snapshots(at('/m/d')))).toEqual(['/m/d'])
    expect(
      await kernel.batch([
        { op: 'write', path: at('/m/b'), body: bytes('x') },
        { op: 'rename', from: at('/m/b'), to: at('/m/c') },
      ]),
    ).toMatchObject([{ path: '/m/b' }, { path: '/m/c' }])
    expect((await kernel.read(at('/m/c'))).stat.path).toBe('/m/c')
  })

  it("tells failures with its caller's path and verb: of calls, bodies, iterations, and those that are no NexusError", async () => {
    const memory = openMemory()
    await memory.write(at('/f'), bytes('x'))
    const late = new NexusError('corrupt', { op: 'readChunk', path: '/f', backend: 'deep' })
    const backend: Backend = {
      ...memory,
      read: async (path, options) => ({
        ...(await memory.read(path, options)),
        stream: () => new ReadableStream({ pull: () => Promise.reject(late) }),
        bytes: () => Promise.reject(late),
      }),
      list: () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new NexusError('unavailable', { path: '/sub/x' })) }) }),
      stat: () => Promise.reject(new TypeError('a bug')),
    }
    const kernel = await kernelWith({ '/m': { backend } })
    const place = { op: 'read', path: '/m/f', backend: 'deep', code: 'corrupt' }
    await expect((await kernel.read(at('/m/f'))).stream().getReader().read()).rejects.toMatchObject(place)
    await expect((await kernel.read(at('/m/f'))).bytes()).rejects.toMatchObject(place)
    await expect(names(kernel.list(at('/m')))).rejects.toMatchObject({ op: 'list', path: '/m/sub/x', code: 'unavailable' })
    await expect(kernel.stat(at('/m/f'))).rejects.toMatchObject({ code: 'unexpected', path: '/m/f', cause: new TypeError('a bug') })
  })

  it('rejects an aborted call with the reason itself, above mounts too', async () => {
    const kernel = await kernelWith({ '/m/n': undefined })
    const reason = new Error('enough')
    const signal = AbortSignal.abort(reason)
    for (const path of ['/', '/m', '/m/n', '/elsewhere']) {
      await expect(kernel.stat(at(path), { signal })).rejects.toBe(reason)
      await expect(names(kernel.list(at(path), { signal }))).rejects.toBe(reason)
    }
  })

  it('keeps a batch in one mount', async () => {
    const kernel = await kernelWith({ '/a': { uri: 'memory://one' }, '/b': { uri: 'memory://two' } })
    const write = { op: 'write', path: at('/a/f'), body: bytes('x') } as const
    const message = await fails(kernel.batch([write, { op: 'copy', from: at('/a/f'), to: at('/b/f') }]), 'invalid_argument')
    expect(message).toMatch(/memory:\/\/one.*memory:\/\/two/)
    await fails(kernel.stat(at('/a/f')), 'not_found')
    await fails(kernel.batch([{ op: 'delete', path: at('/a'), recursive: true }]), 'busy')
  })

  it('merges the changes of all mounts below, and goes on from its cursor', async () => {
    const kernel = await kernelWith({ '/x/a': undefined, '/x/b': undefined })
    const take = async (count: number, since: string | undefined, act: () => Promise<unknown>): Promise<{ paths: string[]; cursor: string }> => {
      const aborter = new AbortController()
      const feed = kernel.changes(at('/x'), { since, signal: aborter.signal })[Symbol.asyncIterator]()
      const found: { path: string; cursor: string }[] = []
      const all = (async () => {
        while (found.length < count) found.push((await feed.next()).value as { path: string; cursor: string })
      })()
      await act()
      await all
      await feed.return?.()
      return { paths: found.map(({ path }) => path).sort(), cursor: found.at(-1)?.cursor ?? '' }
    }
    const first = await take(2, undefined, () => Promise.all([kernel.write(at('/x/a/1'), bytes('')), kernel.write(at('/x/b/1'), bytes(''))]))
    expect(first.paths).toEqual(['/x/a/1', '/x/b/1'])
    await Promise.all([kernel.write(at('/x/a/2'), bytes('')), kernel.write(at('/x/b/2'), bytes(''))])
    expect((await take(2, first.cursor, () => Promise.resolve())).paths).toEqual(['/x/a/2', '/x/b/2'])
    await fails(names(kernel.changes(at('/x'), { since: 'nonsense' })), 'invalid_argument')
  })

  it('adds up the usage of the mounts below', async () => {
    const kernel = await kernelWith({ '/x/a': undefined, '/x/b': undefined })
    await kernel.write(at('/x/a/f'), bytes('12'))
    await kernel.write(at('/x/b/d/f'), bytes('345'))
    expect(await kernel.usage(at('/x'))).toMatchObject({ files: 2, logicalBytes: 5 })
  })

  it('promises only what holds in every mount', async () => {
    const kernel = await kernelWith({ '/m': undefined, '/bare': { backend: bare().backend } })
    expect(kernel.capabilities).toMatchObject({ ranges: false, ifMatch: false, maxSizeBytes: 4, emptyDirectories: true })
    expect(kernel.capabilitiesAt(at('/m/x'))).toMatchObject({ ranges: true, ifMatch: 'native' })
    await kernel.unmount('/bare')
    expect(kernel.capabilities.ranges).toBe(true)
  })

  it('knows a NexusError of another copy of the package', async () => {
    const foreign = Object.defineProperty(Object.assign(new Error('x'), { code: 'busy', path: '/f', reason: 'Held.' }), Symbol.for('nexus.error'), {
      value: true,
    })
    const kernel = await kernelWith({ '/m': { backend: { ...openMemory(), stat: () => Promise.reject(foreign) } } })
    const error: unknown = await kernel.stat(at('/m/f')).catch((reason: unknown) => reason)
    expect(isNexusError(error, 'busy') && error.path).toBe('/m/f')
  })
})
