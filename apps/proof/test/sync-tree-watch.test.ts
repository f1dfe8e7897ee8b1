import { openMemory } from '@nexus/backend-memory'
import { type Backend, isNexusError, NexusError, type SlimNexusFS, type WatchTreeOptions } from '@nexus/core'
import { describe, expect, it, onTestFinished } from 'vitest'
import { fails } from './kernel-support.ts'
import { openKinds, openPair, snapshotOf } from './sync-tree-kit.ts'

const enough = new Error('enough')

/** Watches until the test ends. */
function startWatch(fs: SlimNexusFS, options: Omit<WatchTreeOptions, 'signal'> = {}): { readonly stop: () => Promise<void>; readonly passes: () => number } {
  const controller = new AbortController()
  let passes = 0
  const ended = fs.watchTree('/from', '/to', { delete: true, ...options, signal: controller.signal, onPass: () => passes++ })
  const stop = async (): Promise<void> => {
    controller.abort(enough)
    await expect(ended).rejects.toBe(enough)
  }
  onTestFinished(stop)
  return { stop, passes: () => passes }
}

/** Waits until the target holds what the source does; a test that hangs here is red. */
async function equal(fs: SlimNexusFS): Promise<void> {
  for (;;) {
    try {
      if (JSON.stringify(await snapshotOf(fs, '/to')) === JSON.stringify(await snapshotOf(fs, '/from'))) return
    } catch (error) {
      // It went between being listed and being read.
      if (!isNexusError(error, 'not_found')) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

describe('a replica follows', () => {
  it.each([['memory', 'memory'], ['path', 'memory'], ['cas', 'path'], ['objects', 'cas']] as const)('from %s to %s: what is created, changed, renamed and deleted', { timeout: 60_000 }, async (from, to) => {
    const fs = await openKinds(from, to)
    await fs.write('/from/a/1', 'one')
    await fs.write('/to/old', 'x')
    startWatch(fs, { intervalMs: 20 })
    await equal(fs)
    await fs.write('/from/b/2', 'two')
    await fs.write('/from/a/1', 'one changed')
    await equal(fs)
    await fs.rename('/from/a', '/from/c', { allowNonAtomic: true })
    await fs.delete('/from/b', { recursive: true })
    await equal(fs)
    await fs.delete('/from/c/1')
    await fs.write('/from/c/1/deeper', 'a directory now')
    await equal(fs)
    expect(await fs.readText('/to/c/1/deeper')).toBe('a directory now')
  })

  it.each(['memory', 'path'] as const)('a file that is renamed over another of its size, in %s', { timeout: 60_000 }, async (kind) => {
    const fs = await openKinds(kind, 'memory')
    await fs.write('/from/new', 'bbb')
    await fs.write('/from/old', 'aaa')
    startWatch(fs)
    await equal(fs)
    // It is older than the copy of what it replaces.
    await fs.rename('/from/new', '/from/old')
    await equal(fs)
    expect(await fs.readText('/to/old')).toBe('bbb')
  })

  it('what happens during the first pass', async () => {
    const source = openMemory()
    let isChanged = false
    const changing: Backend = { ...source, async *list(path, options) {
      yield* source.list(path, options)
      // After it was listed: only the feed can tell.
      if (!isChanged) await source.write('/late' as never, new Uint8Array(3))
      isChanged = true
    } }
    const fs = await openPair({ source: changing })
    await fs.write('/from/a', '1')
    isChanged = false
    startWatch(fs, { intervalMs: 1_000_000 })
    await equal(fs)
    expect(await fs.exists('/to/late')).toBe(true)
  })

  it('only what the filter lets, and deletes only when asked', async () => {
    const fs = await openPair()
    await fs.write('/from/a', '1')
    const { passes } = startWatch(fs, { delete: false, filter: [{ exclude: '*.tmp' }] })
    while (passes() === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await fs.write('/from/b.tmp', '2')
    await fs.delete('/from/a')
    await fs.write('/from/c', '3')
    while (!(await fs.exists('/to/c'))) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(await snapshotOf(fs, '/to')).toEqual({ a: '1', c: '3' })
  })
})

describe('a replica survives', () => {
  it('the failure of one file, and brings it when it can', { timeout: 60_000 }, async () => {
    const target = openMemory()
    let refuses = true
    const broken: Backend = { ...target, write: (path, ...rest) => (refuses && path === '/b' ? Promise.reject(new NexusError('permission_denied', { path })) : target.write(path, ...rest)) }
    const fs = await openPair({ target: broken })
    await fs.write('/from/a', '1')
    const told: string[] = []
    const { passes } = startWatch(fs, { onRetry: ({ code }) => told.push(code) })
    while (passes() === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await fs.write('/from/b', '2')
    await fs.write('/from/c', '3')
    while (told.length === 0 || !(await fs.exists('/to/c'))) await new Promise((resolve) => setTimeout(resolve, 5))
    refuses = false
    await equal(fs)
    expect(told).toContain('permission_denied')
  })

  it('a feed that breaks off and whose cursor is forgotten: everything is looked at again', { timeout: 60_000 }, async () => {
    const source = openMemory()
    let feeds = 0
    const forgetful: Backend = { ...source, async *changes(path, options) {
      if (options?.since !== undefined) throw new NexusError('invalid_argument', { reason: 'forgotten' })
      for await (const change of source.changes(path, options)) {
        yield change
        if (feeds++ === 0) {
          // Nobody is told of this one.
          await source.write('/unheard' as never, new Uint8Array(1))
          throw new NexusError('unavailable')
        }
      }
    } }
    const fs = await openPair({ source: forgetful })
    const { passes } = startWatch(fs, { intervalMs: 10 })
    while (passes() === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await fs.write('/from/a', '1')
    await equal(fs)
    await fs.write('/from/b', '2')
    await equal(fs)
    expect(Object.keys(await snapshotOf(fs, '/to'))).toEqual(['a', 'b', 'unheard'])
  })
})

it('a feed that breaks off goes on where it was, without a look at everything', { timeout: 60_000 }, async () => {
  const source = openMemory()
  const begun: (string | undefined)[] = []
  let lists = 0
  const breaking: Backend = {
    ...source,
    list: (...args) => (lists++, source.list(...args)),
    async *changes(path, options) {
      begun.push(options?.since)
      for await (const change of source.changes(path, options)) {
        yield change
        if (begun.length === 1) throw new NexusError('unavailable')
      }
    },
  }
  const fs = await openPair({ source: breaking })
  const { passes } = startWatch(fs, { intervalMs: 10 })
  while (passes() === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  const before = lists
  await fs.write('/from/a', '1')
  while (begun.length === 1) await new Promise((resolve) => setTimeout(resolve, 5))
  await fs.write('/from/b', '2')
  while (!(await fs.exists('/to/b'))) await new Promise((resolve) => setTimeout(resolve, 5))
  expect([begun.length, typeof begun[1], lists - before]).toEqual([2, 'string', 0])
})

it('what makes the first pass fail as a whole is told at once', async () => {
  const fs = await openPair()
  const { signal } = new AbortController()
  await fails(fs.watchTree('/from/nope', '/to', { signal }), 'not_found')
  await fails(fs.watchTree('/from', '/from/a', { signal }), 'invalid_argument')
  await fails(fs.watchTree('/from', '/to', { signal, intervalMs: 0 }), 'invalid_argument')
})
