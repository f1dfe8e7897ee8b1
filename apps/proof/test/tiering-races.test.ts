import { openMemory } from '@nexus/backend-memory'
import { type Backend, createFaultPlan, faults, type FileStat, type Kernel, parsePath } from '@nexus/core'
import { describe, expect, it } from 'vitest'
import { bytes, filesOf, openWorld, textOf } from './tiering-kit.ts'

const path = parsePath('/hot/file')

/** A store that calls back when a file was written to it, before it says so. */
function tellingWrites(inner: Backend, onWritten: () => Promise<unknown>): Backend {
  return {
    ...inner,
    write: async (...args) => {
      const stat = await inner.write(...args)
      await onWritten()
      return stat
    },
  }
}

/** A store that calls back once, when it has looked at a path, before it answers. */
function tellingStat(inner: Backend, asked: string, onAsked: () => Promise<unknown>): Backend {
  let isTold = false
  return {
    ...inner,
    stat: async (...args) => {
      try {
        return await inner.stat(...args)
      } finally {
        if (args[0] === asked && !isTold) {
          isTold = true
          await onAsked()
        }
      }
    },
  }
}

/** A store that tells no digests, as most do. */
function withoutDigests(inner: Backend): Backend {
  const plain = ({ digest: _, ...stat }: FileStat): FileStat => stat
  return { ...inner, stat: async (...args) => plain(await inner.stat(...args)), write: async (...args) => plain(await inner.write(...args)) }
}

const stores = { 'digests': openMemory, 'no digests': () => withoutDigests(openMemory()) }

describe.each(Object.entries(stores))('with storages that tell %s, a tier run in another process that takes a file while it is looked at', (_name, open) => {
  it('leaves a rename the file that it moves, wherever that lies by then', async () => {
    const [hot, cold] = [open(), open()]
    const other = await openWorld({ hot, cold })
    const world = await openWorld({ hot, cold: tellingStat(cold, '/tier/new', () => other.demote('/file')) })
    await other.kernel.write(path, bytes('only'))
    await world.kernel.rename(path, parsePath('/hot/new'))
    expect(await filesOf(other.kernel, '/hot')).toEqual(['/hot/new'])
    expect(await textOf(other.kernel, '/hot/new')).toBe('only')
  })

  it('and had copied it before, leaves a rename that copy', async () => {
    const [hot, cold] = [open(), open()]
    const world = await openWorld({ hot, cold: tellingStat(cold, '/tier/new', () => hot.delete(parsePath('/file'))) })
    await hot.write(parsePath('/file'), bytes('only'))
    await cold.write(parsePath('/tier/file'), bytes('only'))
    await world.kernel.rename(path, parsePath('/hot/new'))
    expect(await filesOf(world.kernel, '/hot')).toEqual(['/hot/new'])
    expect(await textOf(world.kernel, '/hot/new')).toBe('only')
  })

  it('loses nothing newer by a delete of what was there before', async () => {
    const [hot, cold] = [open(), open()]
    const other = await openWorld({ hot, cold })
    const changed = async (): Promise<void> => {
      await other.kernel.write(path, bytes('newer'))
      await other.demote('/file')
    }
    await other.kernel.write(path, bytes('old'))
    await cold.write(parsePath('/tier/file'), bytes('stale'))
    const world = await openWorld({ hot: tellingStat(hot, '/file', changed), cold })
    const { etag } = await other.kernel.stat(path)
    await expect(world.kernel.delete(path, { ifMatch: etag })).rejects.toMatchObject({ code: 'precondition_failed' })
    expect(await textOf(other.kernel, '/hot/file')).toBe('newer')
  })

  it('and had copied it before, keeps it where a delete fails', async () => {
    const [hot, cold] = [open(), open()]
    await hot.write(parsePath('/file'), bytes('only'))
    await cold.write(parsePath('/tier/file'), bytes('only'))
    const { kernel } = await openWorld({ hot, cold })
    const { etag } = await kernel.stat(path)
    const world = await openWorld({ hot: tellingStat(hot, '/file', () => hot.delete(parsePath('/file'))), cold })
    await expect(world.kernel.delete(path, { ifMatch: etag })).rejects.toMatchObject({ code: 'precondition_failed' })
    expect(await textOf(kernel, '/hot/file')).toBe('only')
  })

  it('hides it from no delete', async () => {
    const [hot, cold] = [open(), open()]
    const other = await openWorld({ hot, cold })
    await other.kernel.write(path, bytes('old'))
    const world = await openWorld({ hot: tellingStat(hot, '/file', () => other.demote('/file')), cold })
    await world.kernel.delete(path)
    expect(await filesOf(other.kernel, '/hot')).toEqual([])
    expect(await filesOf(cold, '/')).toEqual([])
  })

  it.each([
    ['rename', (kernel: Kernel) => kernel.rename(path, parsePath('/hot/new'))],
    ['delete', (kernel: Kernel) => kernel.delete(path)],
  ] as const)('of older content of the same size nothing comes back when a %s breaks off', async (op, run) => {
    const plan = createFaultPlan([{ op, kind: 'failAfter', code: 'unavailable' }])
    const [hot, cold] = [open(), open()]
    await hot.write(parsePath('/file'), bytes('new'))
    await cold.write(parsePath('/tier/file'), bytes('old'))
    const world = await openWorld({ hot: faults(plan)(hot), cold })
    await expect(run(world.kernel)).rejects.toMatchObject({ code: 'unavailable' })
    expect(await filesOf((await openWorld({ hot, cold })).kernel, '/hot')).not.toContain(path)
  })
})

describe('a file that is moved behind the redirect', () => {
  it('stays where a write of another process replaces it meanwhile', async () => {
    const [hot, cold] = [openMemory(), openMemory()]
    const other = await openWorld({ hot, cold })
    const world = await openWorld({ hot, cold: tellingWrites(cold, () => other.kernel.write(path, bytes('new'))) })
    await world.kernel.write(path, bytes('old'))
    expect(await world.demote('/file')).toBe(false)
    expect(await textOf(world.kernel, '/hot/file')).toBe('new')
    await other.kernel.delete(path)
    expect(await filesOf(world.kernel, '/hot')).toEqual([])
  })

  it('does not come back when another process deletes it meanwhile', async () => {
    const [hot, cold] = [openMemory(), openMemory()]
    const other = await openWorld({ hot, cold })
    const world = await openWorld({ hot, cold: tellingWrites(cold, () => other.kernel.delete(path)) })
    await world.kernel.write(path, bytes('old'))
    expect(await world.demote('/file')).toBe(false)
    expect(await filesOf(world.kernel, '/hot')).toEqual([])
    expect(await filesOf(cold, '/')).toEqual([])
  })

  it('loses nothing that another process appends meanwhile', async () => {
    const [hot, cold] = [openMemory(), openMemory()]
    const other = await openWorld({ hot, cold })
    const world = await openWorld({ hot, cold: tellingWrites(cold, () => other.kernel.append(path, bytes('+'))) })
    await world.kernel.write(path, bytes('old'))
    await world.demote('/file')
    expect(await textOf(world.kernel, '/hot/file')).toBe('old+')
  })

  it('is left alone as soon as somebody of this process changes it', async () => {
    const cold = openMemory()
    let begun = (): void => undefined
    const isBegun = new Promise<void>((resolve) => (begun = resolve))
    // The copy hangs until it is given up.
    const hanging: Backend = {
      ...cold,
      write: (_path, _body, options) =>
        new Promise((_resolve, reject) => {
          options?.signal?.addEventListener('abort', () => reject(options.signal?.reason as Error))
          begun()
        }),
    }
    const world = await openWorld({ cold: hanging })
    await world.kernel.write(path, bytes('old'))
    const moving = world.demote('/file')
    await isBegun
    await world.kernel.write(path, bytes('new'))
    expect(await moving).toBe(false)
    expect(await textOf(world.kernel, '/hot/file')).toBe('new')
  })

  it('gets another etag, so that a condition of before does not hold by accident', async () => {
    const { kernel, demote } = await openWorld()
    const { etag } = await kernel.write(path, bytes('old'))
    await demote('/file')
    const { etag: now } = await kernel.stat(path)
    expect(now).not.toBe(etag)
    await expect(kernel.write(path, bytes('new'), { ifMatch: etag })).rejects.toMatchObject({ code: 'precondition_failed' })
    await expect(kernel.write(path, bytes('new'), { ifNoneMatch: '*' })).rejects.toMatchObject({ code: 'precondition_failed' })
    await kernel.write(path, bytes('new'), { ifMatch: now })
    expect(await textOf(kernel, '/hot/file')).toBe('new')
  })

  it('is refused by a storage that would lose something of it', async () => {
    const cold = openMemory()
    const world = await openWorld({ cold: { ...cold, capabilities: { ...cold.capabilities, metadata: false } } })
    await world.kernel.write(path, bytes('old'), { metadata: { owner: 'ada' } })
    await expect(world.demote('/file')).rejects.toMatchObject({ code: 'unsupported' })
    expect(await textOf(world.kernel, '/hot/file')).toBe('old')
  })
})
