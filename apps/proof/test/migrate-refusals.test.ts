import { execFileSync } from 'node:child_process'
import { readdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { localBackend } from '@nexus/backend-local'
import { memoryBackend, openMemory } from '@nexus/backend-memory'
import { type Backend, type BackendDefinition, createFaultPlan, createKernel, type Fault, faults, type MigrateProgress, type MigrationLoss } from '@nexus/core'
import { describe, expect, it } from 'vitest'
import { createRandom } from '../src/model/random.ts'
import { at, bytes, fails, isPending, kernelWith, textOf } from './kernel-support.ts'
import { expectModel, type Model, openData, openPlace, plant } from './migrate-kit.ts'

/** Memory in which something goes wrong. */
function faultyMemory(struck: Fault[], fault: Fault): BackendDefinition {
  return {
    ...(memoryBackend as BackendDefinition),
    scheme: 'faulty',
    open: (): Promise<Backend> => {
      const plan = createFaultPlan([fault])
      const backend = faults(plan)(openMemory())
      return Promise.resolve({ ...backend, close: () => (struck.push(...plan.struck()), backend.close()) })
    },
  }
}

describe('a migration that fails', () => {
  it.each([
    { op: 'write', call: 1, kind: 'fail', code: 'no_space' },
    { op: 'write', call: 30, kind: 'fail', code: 'unavailable' },
    { op: 'write', call: 12, kind: 'failAfter', code: 'permission_denied' },
    { op: 'list', call: 2, kind: 'failItem', afterItems: 0, code: 'unavailable' },
    { op: 'read', call: 3, kind: 'short', afterBytes: 3 },
    { op: 'list', call: 4, kind: 'fail', code: 'rate_limited' },
  ] satisfies Fault[])('at $op $call ($kind) leaves the mount where it was, and can be repeated', { timeout: 60_000 }, async (fault) => {
    const root = await openPlace()
    const struck: Fault[] = []
    const definition = faultyMemory(struck, fault)
    await using fs = await openData(`local://${join(root, 'one')}?layout=path&durability=os`, { backends: { local: localBackend, memory: memoryBackend, faulty: definition } })
    const model: Model = new Map()
    await plant(fs, { model, random: createRandom(1), files: 40 })
    const error: unknown = await fs.migrate('/data', 'faulty://x', { allowLoss: true }).then(() => 'migrated', String)
    expect(struck).toEqual([fault])
    expect(error).toContain('The mount leads where it led')
    expect(await fs.getMountInfo('/data')).toMatchObject({ backendType: 'local' })
    await expectModel(fs, model)
    await fs.write('/data/after', 'still writable')
    await fs.delete('/data/after')
    expect(await fs.migrate('/data', 'memory://y', { allowLoss: true })).toMatchObject({ isSwitched: true })
    await expectModel(fs, model)
  })

  it('by an abort leaves the mount where it was', async () => {
    const root = await openPlace()
    await using fs = await openData(`local://${join(root, 'one')}?layout=path&durability=os`)
    const model: Model = new Map()
    await plant(fs, { model, random: createRandom(2), files: 40 })
    for (const phase of ['looking', 'copying', 'switching'] as const) {
      const controller = new AbortController()
      const reason = new Error(phase)
      const onProgress = (progress: MigrateProgress): void => {
        if (progress.phase === phase) controller.abort(reason)
      }
      await expect(fs.migrate('/data', `local://${join(root, 'two')}?layout=path`, { signal: controller.signal, onProgress })).rejects.toBe(reason)
      expect((await fs.getMountInfo('/data'))?.uri).toContain('/one')
      await fs.write('/data/after', phase)
      model.delete('/after')
      await fs.delete('/data/after')
    }
    await fs.migrate('/data', `local://${join(root, 'two')}?layout=path`)
    await expectModel(fs, model)
    expect(await readdir(join(root, 'state/migrations'))).toEqual([])
  })
})

describe('what a storage shows and nobody can read', () => {
  it.each([['a local directory', (root: string) => `local://${join(root, 'two')}?layout=path`], ['memory', () => 'memory://two']])('is told, and left out when asked to (to %s)', async (_name, target) => {
    const root = await openPlace()
    await using fs = await openData(`local://${join(root, 'one')}?layout=path&durability=os`)
    await fs.write('/data/file', 'kept')
    await fs.write('/data/empty', '')
    await fs.mkdir('/data/nothing')
    await fs.mkdir('/data/links/deep', { recursive: true })
    await fs.mkdir('/data/specials')
    await symlink('/etc/hostname', join(root, 'one/links/deep/link'))
    execFileSync('mkfifo', [join(root, 'one/specials/fifo')])
    let found: readonly MigrationLoss[] = []
    const onLosses = (losses: readonly MigrationLoss[]): void => void (found = losses)
    await fails(fs.migrate('/data', target(root), { onLosses }), 'unsupported')
    expect(found.filter(({ kind }) => kind !== 'metadata')).toEqual([
      { kind: 'links', count: 1, path: '/data/links/deep/link', reason: expect.stringContaining('never followed') as string },
      { kind: 'specials', count: 1, path: '/data/specials/fifo', reason: expect.stringContaining('FIFO') as string },
    ])
    await fs.migrate('/data', target(root), { allowLoss: true })
    expect((await Array.fromAsync(fs.list('/data', { recursive: true }))).map(({ path }) => path)).toEqual(['/data/empty', '/data/file', '/data/nothing'])
    expect(await fs.readText('/data/file')).toBe('kept')
  })
})

describe('changes that are held back', () => {
  it('wait while others read, and then go where the mount leads', async () => {
    const kernel = await kernelWith({ '/a': {}, '/b': {} })
    await kernel.write(at('/a/f'), bytes('old'))
    const [next, { promise, resolve }] = [openMemory(), Promise.withResolvers<undefined>()]
    const held = kernel.holdChanges('/a', async () => {
      await promise
      void kernel.replace('/a', { backend: next, backendType: 'memory' })
    })
    await new Promise((done) => setImmediate(done))
    const waiting = [
      kernel.write(at('/a/new'), bytes('new')),
      kernel.mkdir(at('/a/dir')),
      kernel.copy(at('/b'), at('/a/x')).catch(() => 'a directory'),
      kernel.batch([{ op: 'write', path: at('/a/batched'), body: bytes('b') }]),
      kernel.setMetadata(at('/a/f'), { colour: 'red' }).catch(() => 'gone'),
    ]
    for (const one of waiting) expect(await isPending(one)).toBe(true)
    expect(await textOf(kernel, '/a/f')).toBe('old')
    await kernel.write(at('/b/free'), bytes('free'))
    resolve(undefined)
    await held
    await Promise.all(waiting)
    expect(await textOf(next, '/new')).toBe('new')
    expect(await textOf(next, '/batched')).toBe('b')
    await kernel.close()
  })

  it('are ended by their own signal, by an unmount and by a close', async () => {
    const kernel = await kernelWith({ '/a': {}, '/b': {} })
    const forever = kernel.holdChanges('/a', () => new Promise<never>(() => undefined))
    forever.catch(() => undefined)
    await new Promise((done) => setImmediate(done))
    const controller = new AbortController()
    const aborted = kernel.write(at('/a/f'), bytes(''), { signal: controller.signal })
    expect(await isPending(aborted)).toBe(true)
    controller.abort('enough')
    await expect(aborted).rejects.toBe('enough')
    const moving = kernel.rename(at('/b/x'), at('/a/x'))
    const writing = kernel.write(at('/a/f'), bytes(''))
    expect(await isPending(moving)).toBe(true)
    await kernel.unmount('/a')
    await fails(moving, 'mount_not_found')
    await fails(writing, 'mount_not_found')
    await kernel.close()
  })

  it('are let go when one that is under way does not end', async () => {
    const kernel = await kernelWith({ '/a': {} })
    const stream = new TransformStream<Uint8Array, Uint8Array>()
    const slow = kernel.write(at('/a/slow'), stream.readable)
    await fails(kernel.holdChanges('/a', () => Promise.resolve('never'), { drainMs: 20 }), 'busy')
    await kernel.write(at('/a/f'), bytes('goes on'))
    await stream.writable.close()
    await slow
    expect(await kernel.holdChanges('/a', () => Promise.resolve('held'))).toBe('held')
    await kernel.close()
  })
})

describe('replacing the backend of a mount', () => {
  it('lets what is under way end on the old one, which is closed after that', async () => {
    const closed: string[] = []
    const watched = (name: string): Backend => {
      const backend = openMemory()
      return { ...backend, close: () => (closed.push(name), backend.close()) }
    }
    const kernel = createKernel()
    await kernel.mount({ mountPoint: at('/a'), backend: watched('old'), backendType: 'memory', name: 'mine', priority: 3, id: 'one' })
    await kernel.write(at('/a/f'), bytes('old'))
    const body = await kernel.read(at('/a/f'))
    const feed = kernel.changes(at('/a'))[Symbol.asyncIterator]()
    const watching = feed.next()
    watching.catch(() => undefined)
    const replaced = kernel.replace('one', { backend: watched('new'), backendType: 'memory' })
    await fails(watching, 'unavailable')
    await fails(kernel.stat(at('/a/f')), 'not_found')
    expect(await isPending(replaced)).toBe(true)
    expect(closed).toEqual([])
    expect(await body.text()).toBe('old')
    await replaced
    expect(closed).toEqual(['old'])
    expect(kernel.mounts()).toMatchObject([{ id: 'one', name: 'mine', priority: 3, mountPoint: '/a' }])
    await kernel.close()
    expect(closed).toEqual(['old', 'new'])
  })

  it('keeps no close from ending because of a body that nobody reads', async () => {
    const kernel = await kernelWith({ '/a': {} })
    await kernel.write(at('/a/f'), bytes('old'))
    const body = await kernel.read(at('/a/f'))
    const replaced = kernel.replace('/a', { backend: openMemory(), backendType: 'memory' })
    await kernel.close()
    await replaced
    await fails(body.text(), 'unavailable')
  })
})
