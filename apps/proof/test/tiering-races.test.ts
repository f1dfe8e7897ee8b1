import { openMemory } from '@nexus/backend-memory'
import { type Backend, parsePath } from '@nexus/core'
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
