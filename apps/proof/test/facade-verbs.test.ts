import { openMemory } from '@nexus/backend-memory'
import { type Backend, createSlimNexusFS, NexusError, type SlimNexusFS } from '@nexus/core'
import { describe, expect, it } from 'vitest'
import { bytes, fails, names } from './kernel-support.ts'

/** A filesystem on memory, and the names of the operations that reach the backend. */
function recorded(change: Partial<Backend> = {}): { fs: SlimNexusFS; calls: string[] } {
  const calls: string[] = []
  const backend = new Proxy({ ...openMemory(), ...change }, {
    get: (target, key, receiver) => {
      const member: unknown = Reflect.get(target, key, receiver)
      if (typeof member !== 'function') return member
      return (...args: unknown[]): unknown => {
        calls.push(String(key))
        return Reflect.apply(member, target, args)
      }
    },
  })
  return { fs: createSlimNexusFS(backend), calls }
}

const memory = (): SlimNexusFS => createSlimNexusFS(openMemory())

/** A memory that lacks an operation. */
function without(member: keyof Backend): SlimNexusFS {
  const { [member]: _, ...rest } = openMemory()
  return createSlimNexusFS(rest as Backend)
}

describe('reading and writing', () => {
  it('gives back what was written, as bytes, text and content', async () => {
    const fs = memory()
    const stat = await fs.write('/a/b.txt', 'häß\n', { contentType: 'text/plain', metadata: { a: '1' } })
    expect(stat).toMatchObject({ path: '/a/b.txt', sizeBytes: 6, contentType: 'text/plain', metadata: { a: '1' } })
    expect(await fs.read('/a/b.txt')).toEqual(bytes('häß\n'))
    expect(await fs.readText('/a/b.txt')).toBe('häß\n')
    expect(await fs.read('/a/b.txt', { range: { suffix: 1 } })).toEqual(bytes('\n'))
    await using content = await fs.open('/a/b.txt')
    expect([content.stat.sizeBytes, await content.text()]).toEqual([6, 'häß\n'])
    expect(await fs.getMetadata('/a/b.txt')).toEqual({ a: '1' })
  })

  it('takes every kind of body for append too', async () => {
    const fs = memory()
    for (const body of ['a', bytes('b'), new Blob(['c']), new Blob(['d']).stream()]) await fs.append('/log', body)
    expect(await fs.readText('/log')).toBe('abcd')
  })

  it('a batch takes strings, and does all or nothing', async () => {
    const fs = memory()
    const stats = await fs.batch([{ op: 'write', path: '/a', body: 'x' }, { op: 'copy', from: '/a', to: '/b' }, { op: 'setMetadata', path: '/b', patch: { m: '1' } }, { op: 'rename', from: '/b', to: '/c' }, { op: 'mkdir', path: '/d' }, { op: 'delete', path: '/a' }])
    expect(stats).toHaveLength(6)
    expect(await names(fs.list('/'))).toEqual(['/c', '/d/'])
    await fails(fs.batch([{ op: 'write', path: '/e', body: 'x' }, { op: 'delete', path: '/nope' }]), 'not_found')
    expect(await fs.exists('/e')).toBe(false)
    await fails(fs.batch([{ op: 'write', path: '/e', body: new Blob([]) as unknown as string }]), 'invalid_argument')
  })

  it('restores a version with its content type and metadata, also of a deleted file', async () => {
    const fs = memory()
    const first = await fs.write('/a', 'one', { contentType: 'text/x', metadata: { k: 'v' } })
    await fs.write('/a', 'two')
    await fs.delete('/a')
    const stat = await fs.restore('/a', first.version ?? '')
    expect(stat).toMatchObject({ contentType: 'text/x', metadata: { k: 'v' } })
    expect(await fs.readText('/a')).toBe('one')
    await fails(fs.restore('/a', 'no-such-version'), 'not_found')
  })
})

describe('exists', () => {
  it('is false for what is absent or below a file, true for files and directories', async () => {
    const fs = memory()
    await fs.write('/a/b', '')
    expect(await Promise.all(['/a', '/a/b', '/c', '/a/b/c'].map((path) => fs.exists(path)))).toEqual([true, true, false, false])
  })

  it('is false where a backend says that the parent is a file', async () => {
    const { fs } = recorded({ stat: () => Promise.reject(new NexusError('not_directory')) })
    expect(await fs.exists('/a/b')).toBe(false)
  })

  it('rejects for every other failure', async () => {
    const { fs } = recorded({ stat: () => Promise.reject(new NexusError('permission_denied')) })
    await fails(fs.exists('/a'), 'permission_denied')
    await fails(fs.exists('a'), 'invalid_path')
  })
})

describe('what is refused before any I/O', () => {
  const cases: [string, (fs: SlimNexusFS) => Promise<unknown>, 'invalid_argument' | 'invalid_path'][] = [
    ['a relative path', (fs) => fs.read('a'), 'invalid_path'],
    ['.. in a path', (fs) => fs.write('/a/../b', ''), 'invalid_path'],
    ['a NUL in a path', (fs) => fs.stat('/a\0'), 'invalid_path'],
    ['a second path', (fs) => fs.rename('/a', 'b'), 'invalid_path'],
    ['a path of a batch', (fs) => fs.batch([{ op: 'delete', path: '//' }]), 'invalid_path'],
    ['a negative offset', (fs) => fs.read('/a', { range: { offset: -1 } }), 'invalid_argument'],
    ['a fractional length', (fs) => fs.readText('/a', { range: { offset: 0, length: 1.5 } }), 'invalid_argument'],
    ['a negative suffix', (fs) => fs.open('/a', { range: { suffix: -1 } }), 'invalid_argument'],
    ['metadata that is no string', (fs) => fs.write('/a', '', { metadata: { a: 1 as unknown as string } }), 'invalid_argument'],
    ['null in metadata', (fs) => fs.write('/a', '', { metadata: { a: null as unknown as string } }), 'invalid_argument'],
    ['an empty name in metadata', (fs) => fs.setMetadata('/a', { '': 'x' }), 'invalid_argument'],
    ['a control character in a name of metadata', (fs) => fs.setMetadata('/a', { 'a\nb': 'x' }), 'invalid_argument'],
    ['a long name in metadata', (fs) => fs.setMetadata('/a', { ['ä'.repeat(128)]: 'x' }), 'invalid_argument'],
    ['much metadata', (fs) => fs.setMetadata('/a', { a: 'x'.repeat(40_000), b: 'x'.repeat(40_000) }), 'invalid_argument'],
    ['metadata of a batch', (fs) => fs.batch([{ op: 'setMetadata', path: '/a', patch: { a: 1 as unknown as string } }]), 'invalid_argument'],
    ['a body that is none', (fs) => fs.write('/a', 5 as unknown as string), 'invalid_argument'],
    ['another size than promised', (fs) => fs.write('/a', 'abc', { sizeBytes: 2 }), 'invalid_argument'],
    ['a negative limit', (fs) => names(fs.list('/', { limit: -1 })), 'invalid_argument'],
    ['a relative path to list', (fs) => names(fs.list('a')), 'invalid_path'],
  ]
  it.each(cases)('%s', async (_, call, code) => {
    const { fs, calls } = recorded()
    await fails(call(fs), code)
    expect(calls).toEqual([])
  })
})

describe('what a backend lacks is unsupported', () => {
  const cases: [keyof Backend, (fs: SlimNexusFS) => Promise<unknown>][] = [
    ['append', (fs) => fs.append('/a', '')],
    ['rename', (fs) => fs.rename('/a', '/b')],
    ['copy', (fs) => fs.copy('/a', '/b')],
    ['copy', (fs) => fs.copyTree('/a', '/b')],
    ['batch', (fs) => fs.batch([])],
    ['versions', (fs) => names(fs.versions('/a'))],
    ['snapshot', (fs) => fs.snapshot('/a', 's')],
    ['snapshots', (fs) => names(fs.snapshots('/a'))],
    ['deleteSnapshot', (fs) => fs.deleteSnapshot('/a', 's')],
    ['setMetadata', (fs) => fs.setMetadata('/a', {})],
    ['changes', (fs) => names(fs.watch('/'))],
    ['presign', (fs) => fs.presign('/a', { method: 'GET', expiresInMs: 1 })],
    ['usage', (fs) => fs.usage('/')],
  ]
  it.each(cases)('%s', async (member, call) => {
    await fails(call(without(member)), 'unsupported')
  })
})

describe('watch', () => {
  it('tells what happens, from a cursor on, until it is aborted', async () => {
    const fs = memory()
    const controller = new AbortController()
    const reason = new Error('enough')
    const watching = fs.watch('/', { signal: controller.signal })[Symbol.asyncIterator]()
    const first = watching.next()
    await fs.write('/a', '1')
    const { value } = (await first) as IteratorYieldResult<{ type: string; path: string; cursor: string }>
    expect(value).toMatchObject({ type: 'created', path: '/a' })
    await fs.delete('/a')
    const again = fs.watch('/', { since: value.cursor, signal: controller.signal })[Symbol.asyncIterator]()
    expect((await again.next()).value).toMatchObject({ type: 'deleted', path: '/a' })
    const last = again.next()
    controller.abort(reason)
    await expect(last).rejects.toBe(reason)
  })
})

describe('close', () => {
  it('closes the backend once, then runs the hook, also when closing fails', async () => {
    const steps: string[] = []
    const failing = { ...openMemory(), close: () => Promise.reject(new NexusError('unavailable', { reason: String(steps.push('backend')) })) }
    const fs = createSlimNexusFS(failing, { onClose: () => void steps.push('hook') })
    await fails(fs.close(), 'unavailable')
    await fails(fs[Symbol.asyncDispose](), 'unavailable')
    expect(steps).toEqual(['backend', 'hook'])
  })

  it('makes later calls fail', async () => {
    const fs = memory()
    await fs.close()
    await fails(fs.stat('/'), 'unavailable')
  })
})
