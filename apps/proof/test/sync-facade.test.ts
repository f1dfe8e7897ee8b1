import { connectSync, type Entry, isNexusError, mountSync, NexusError, type SyncMountOptions, type SyncNexusFS } from '@nexus/core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { bytes } from './kernel-support.ts'

const options: SyncMountOptions = { ephemeral: true, backends: { memory: '@nexus/backend-memory' }, resolveFrom: import.meta.url }

let fs: SyncNexusFS
beforeAll(() => {
  fs = mountSync('memory://sync', { ...options, at: '/m' })
})
afterAll(() => fs.close())
afterEach(() => fs.delete('/m/t', { recursive: true, force: true }))

/** The NexusError that a call throws. */
function thrown(call: () => unknown): NexusError {
  try {
    call()
  } catch (error) {
    if (isNexusError(error)) return error
    throw error
  }
  throw new Error('The call succeeded.')
}

const namesOf = (entries: Iterable<Entry>): string[] => Array.from(entries, ({ name }) => name)

describe('every verb works without await', () => {
  it('reading and writing', () => {
    const stat = fs.write('/m/t/a', 'häß\n', { metadata: { k: 'v' }, contentType: 'text/x' })
    expect(stat).toMatchObject({ path: '/m/t/a', sizeBytes: 6, metadata: { k: 'v' } })
    expect(stat.modifiedAt).toBeInstanceOf(Date)
    expect(fs.read('/m/t/a')).toEqual(bytes('häß\n'))
    expect(fs.read('/m/t/a', { range: { offset: 1, length: 2 } })).toEqual(bytes('ä'))
    expect(fs.readText('/m/t/a', { ifMatch: stat.etag })).toBe('häß\n')
    expect(fs.append('/m/t/a', bytes('x')).sizeBytes).toBe(7)
    expect(fs.stat('/m/t/a')).toMatchObject({ sizeBytes: 7, contentType: 'text/x' })
    expect([fs.exists('/m/t/a'), fs.exists('/m/t/b')]).toEqual([true, false])
    expect(fs.edit('/m/t/a', [{ oldText: 'häß', newText: 'x' }]).diff).toContain('+x')
    expect(fs.setMetadata('/m/t/a', { k: null, l: '1' }).metadata).toEqual({ l: '1' })
    expect(fs.getMetadata('/m/t/a')).toEqual({ l: '1' })
  })

  it('the tree', () => {
    fs.mkdir('/m/t/d/e', { recursive: true })
    fs.write('/m/t/d/1', 'needle')
    expect(fs.copy('/m/t/d/1', '/m/t/d/2').path).toBe('/m/t/d/2')
    expect(fs.rename('/m/t/d/2', '/m/t/d/3').path).toBe('/m/t/d/3')
    expect(fs.copyTree('/m/t/d', '/m/t/f')).toMatchObject({ oneStep: true })
    expect(fs.syncTree('/m/t/d', '/m/t/synced')).toMatchObject({ failed: 0, failures: [] })
    fs.write('/m/t/source/name', 'a file')
    fs.write('/m/t/target/name/x', 'in its way')
    expect(fs.syncTree('/m/t/source', '/m/t/target').failures).toMatchObject([{ path: '/m/t/target/name', code: 'is_directory' }])
    for (const name of ['synced', 'source', 'target']) fs.delete(`/m/t/${name}`, { recursive: true })
    expect(namesOf(fs.list('/m/t/f'))).toEqual(['1', '3', 'e'])
    expect(namesOf(fs.glob('/m/t/{d,f}/[1-2]'))).toEqual(['1', '1'])
    expect(Array.from(fs.grep('ne+dle', { path: '/m/t/d' }), ({ path }) => path)).toEqual(['/m/t/d/1', '/m/t/d/3'])
    expect(fs.batch([{ op: 'write', path: '/m/t/x', body: 'x' }, { op: 'delete', path: '/m/t/d/1' }])).toHaveLength(2)
    expect(fs.usage('/m/t')).toMatchObject({ files: 4 })
    fs.delete('/m/t/f', { recursive: true })
    expect(fs.exists('/m/t/f')).toBe(false)
  })

  it('history', () => {
    const { version = '' } = fs.write('/m/t/kept', '1')
    fs.write('/m/t/kept', '2')
    expect(Array.from(fs.versions('/m/t/kept'))).toHaveLength(2)
    expect(fs.restore('/m/t/kept', version).sizeBytes).toBe(1)
    expect(fs.readText('/m/t/kept')).toBe('1')
    expect(fs.snapshot('/m/t', 'now').createdAt).toBeInstanceOf(Date)
    fs.write('/m/t/kept', '3')
    expect(fs.readText('/m/t/kept', { snapshot: 'now' })).toBe('1')
    expect(Array.from(fs.snapshots('/m/t'), ({ name }) => name)).toEqual(['now'])
    fs.deleteSnapshot('/m/t', 'now')
    expect(Array.from(fs.snapshots('/m/t'))).toEqual([])
  })

  it('mounts', () => {
    expect(fs.listMounts().map(({ mountPoint }) => mountPoint)).toEqual(['/m'])
    expect([fs.getMountInfo('/m/x')?.backendType, fs.getMountInfo('/x')]).toEqual(['memory', undefined])
  })
})

describe('errors', () => {
  it('are the real ones', () => {
    expect(thrown(() => fs.read('/m/t/nope'))).toMatchObject({ code: 'not_found', op: 'read', path: '/m/t/nope' })
    expect(thrown(() => fs.stat('relative'))).toMatchObject({ code: 'invalid_path', path: 'relative' })
    expect(thrown(() => fs.presign('/m/t/a', { method: 'GET', expiresInMs: 5 }))).toMatchObject({ code: 'unsupported' })
    expect(thrown(() => fs.write('/m/t/a', '', { ifMatch: 'x' }))).toMatchObject({ code: 'precondition_failed' })
    expect(thrown(() => namesOf(fs.list('/m/t/nope')))).toMatchObject({ code: 'not_found' })
  })

  it('of an iterable come when the iteration begins', () => {
    expect(() => fs.list('relative')).not.toThrow()
  })

  it('name what cannot cross to another thread, and nothing is sent', () => {
    expect(thrown(() => fs.edit('/m/t/a', [(() => 1) as never]))).toMatchObject({ code: 'invalid_argument', op: 'edit' })
    expect(thrown(() => fs.write('/m/t/a', 5 as never))).toMatchObject({ code: 'invalid_argument' })
    expect(thrown(() => fs.write('/m/t/a', ['text'] as never))).toMatchObject({ code: 'invalid_argument' })
    expect(fs.exists('/m/t/a')).toBe(false)
  })
})

describe('large and streamed bodies', () => {
  const large = Uint8Array.from({ length: 3_000_001 }, (_, index) => index % 253)

  it('cross in pieces', () => {
    expect(fs.write('/m/t/large', large).sizeBytes).toBe(large.length)
    expect(Buffer.compare(fs.read('/m/t/large'), large)).toBe(0)
    expect(Buffer.compare(fs.read('/m/t/large', { range: { suffix: 1_000_000 } }), large.subarray(-1_000_000))).toBe(0)
    expect(fs.write('/m/t/text', 'ä'.repeat(400_000)).sizeBytes).toBe(800_000)
    expect(fs.readText('/m/t/text')).toBe('ä'.repeat(400_000))
    expect(fs.append('/m/t/large', large).sizeBytes).toBe(2 * large.length)
  })

  it('an iterable may itself use the filesystem', () => {
    fs.write('/m/t/large', large)
    for (const name of ['1', '2', '3']) fs.write(`/m/t/parts/${name}`, name)
    function* parts(): Generator<Uint8Array> {
      for (const { path } of fs.list('/m/t/parts')) yield fs.read(path)
      yield* fs.open('/m/t/large').stream()
    }
    expect(fs.write('/m/t/whole', parts()).sizeBytes).toBe(large.length + 3)
    expect(fs.readText('/m/t/whole', { range: { offset: 0, length: 3 } })).toBe('123')
  })

  it('an iterable that throws is the caller\'s own error, and nothing is stored', () => {
    const own = new Error('mine')
    function* failing(): Generator<Uint8Array> {
      yield bytes('x')
      throw own
    }
    expect(() => fs.write('/m/t/a', failing())).toThrow(own)
    expect(fs.exists('/m/t/a')).toBe(false)
  })

  it('an iterable is closed when the write fails before its end, even one that makes calls', () => {
    let closed = 0
    function* endless(): Generator<Uint8Array> {
      try {
        for (;;) {
          fs.stat('/m')
          yield bytes('x')
        }
      } finally {
        closed++
      }
    }
    expect(thrown(() => fs.write('/m/t/a', endless(), { sizeBytes: 5 }))).toMatchObject({ code: 'invalid_argument' })
    expect(closed).toBe(1)
    expect(fs.exists('/m/t/a')).toBe(false)
  })

  it('open gives the stat, and the body once', () => {
    fs.write('/m/t/large', large)
    using content = fs.open('/m/t/large')
    expect(content.stat.sizeBytes).toBe(large.length)
    expect(Array.from(content.stream(), ({ length }) => length).reduce((sum, length) => sum + length)).toBe(large.length)
    using small = fs.open('/m/t/large', { range: { offset: 0, length: 2 } })
    expect(small.bytes()).toEqual(large.subarray(0, 2))
    expect(thrown(() => small.text())).toMatchObject({ code: 'invalid_argument' })
    const unread = fs.open('/m/t/large')
    unread[Symbol.dispose]()
    expect(thrown(() => unread.bytes())).toMatchObject({ code: 'invalid_argument' })
  })
})

describe('iterables', () => {
  it('come page by page, and can be left and begun again', () => {
    for (let index = 0; index < 600; index++) fs.write(`/m/t/n/${String(index).padStart(3, '0')}`, '')
    const listing = fs.list('/m/t/n')
    for (const { name } of listing) if (name === '300') break
    expect(namesOf(listing)).toHaveLength(600)
    expect(namesOf(fs.list('/m/t/n', { startAfter: '597', limit: 1 }))).toEqual(['598'])
  })
})

describe('mounting', () => {
  it('fails as mount() does', () => {
    expect(thrown(() => mountSync('nope://x', options))).toMatchObject({ code: 'invalid_config' })
    expect(thrown(() => mountSync('memory://x', { ...options, backends: { memory: 'no-such-package' } }))).toMatchObject({ code: 'unavailable' })
    expect(thrown(() => mountSync({ backend: { read: () => 1 }, at: '/x' } as never))).toMatchObject({ code: 'invalid_argument' })
  })

  it('takes backends as file URL too', () => {
    const memory = new URL('../../../packages/backend-memory/src/index.ts', import.meta.url).href
    using other = mountSync('memory://x', { ephemeral: true, at: '/x', backends: { memory } })
    expect(other.write('/x/a', 'b').sizeBytes).toBe(1)
  })

  it('close is final, and twice is once', () => {
    const other = mountSync('memory://x', { ...options, at: '/x' })
    other.close()
    other.close()
    expect(thrown(() => other.exists('/x'))).toMatchObject({ code: 'unavailable' })
  })

  it('connectSync connects, and its mounts can change', () => {
    using nexus = connectSync({ mounts: ['memory://x'] }, { backends: { memory: '@nexus/backend-memory' }, resolveFrom: import.meta.url })
    const id = nexus.mountManager.addMount({ uri: 'memory://y', at: '/y' })
    nexus.write('/y/a', 'b')
    expect(nexus.listMounts().map(({ mountPoint }) => mountPoint)).toEqual(['/memory/x', '/y'])
    nexus.mountManager.removeMount(id)
    expect(nexus.getMountInfo('/y')).toBeUndefined()
  })
})
