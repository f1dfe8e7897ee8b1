import { openMemory } from '@nexus/backend-memory'
import { createMetricsRegistry, isNexusError, metrics, parsePath, runTiers } from '@nexus/core'
import { describe, expect, it } from 'vitest'
import { bytes, filesOf, openWorld, textOf, type TieredWorld } from './tiering-kit.ts'

const names = ['a', 'b', 'c', 'dir/a', 'dir/b', 'dir/deep/a'].map((name) => parsePath(`/hot/${name}`))

/** Numbers that are the same in every run (mulberry32). */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

type Model = Map<string, string>

/** One random change, to the world and to a plain map. */
async function change({ kernel, tiers, demote }: TieredWorld, model: Model, { below, count }: { readonly below: (limit: number) => number; readonly count: number }): Promise<void> {
  const [from = names[0], to = names[1]] = [names[below(names.length)], names[below(names.length)]]
  if (from === undefined || to === undefined) return
  const held = model.get(from)
  const unless = async (isAbsent: boolean, run: () => Promise<unknown>): Promise<void> => {
    const code = await run().then(
      () => undefined,
      (error: unknown) => (isNexusError(error) ? error.code : Promise.reject(error as Error)),
    )
    expect(code).toBe(isAbsent ? 'not_found' : undefined)
  }
  switch (below(8)) {
    case 0:
      await kernel.write(from, bytes(String(count)))
      model.set(from, String(count))
      return
    case 1:
      await kernel.append(from, bytes('+'))
      model.set(from, `${held ?? ''}+`)
      return
    case 2:
      await unless(held === undefined, () => kernel.delete(from))
      model.delete(from)
      return
    case 3:
      await unless(held === undefined, () => kernel.rename(from, to))
      model.delete(from)
      if (held !== undefined) model.set(to, held)
      return
    case 4:
      await unless(held === undefined, () => kernel.copy(from, to))
      if (held !== undefined) model.set(to, held)
      return
    case 5:
      if (held !== undefined) await demote(from.slice('/hot'.length)).catch(onlyAbsent)
      return
    case 6: {
      const { etag } = held === undefined ? {} : await kernel.stat(from)
      if (etag === undefined) return
      await kernel.write(from, bytes(String(count)), { ifMatch: etag })
      model.set(from, String(count))
      return
    }
    default:
      if (below(6) === 0) await runTiers(kernel, tiers)
  }
}

/** It lies behind the redirect already. */
function onlyAbsent(error: unknown): void {
  if (!isNexusError(error, 'not_found')) throw error
}

describe.each([undefined, 0, 3])('a redirect with capacity %s', (capacityBytes) => {
  it.each([1, 2, 3, 4])('shows what a plain map holds, whatever is moved behind it (seed %i)', async (seed) => {
    const world = await openWorld({ rule: { capacityBytes }, now: () => 0 })
    const model: Model = new Map()
    const below = randomNumbers(seed)
    for (let count = 0; count < 250; count++) {
      await change(world, model, { below, count })
      const held = await Promise.all((await filesOf(world.kernel, '/hot')).map(async (path) => [path, await textOf(world.kernel, path)] as const))
      expect(new Map(held)).toEqual(new Map([...model].sort(([one], [other]) => (one < other ? -1 : 1))))
    }
  })
})

describe('requests', () => {
  it('a read and a stat of what is hot ask nothing of the storage behind it', async () => {
    const registry = createMetricsRegistry()
    const world = await openWorld({ cold: metrics(registry, { mount: 'cold' })(openMemory()) })
    await world.kernel.write(parsePath('/hot/file'), bytes('x'))
    const before = JSON.stringify(registry.operations().filter(({ mount }) => mount === 'cold'))
    expect(await textOf(world.kernel, '/hot/file')).toBe('x')
    await world.kernel.stat(parsePath('/hot/file'))
    expect(JSON.stringify(registry.operations().filter(({ mount }) => mount === 'cold'))).toBe(before)
    await expect(world.kernel.stat(parsePath('/hot/none'))).rejects.toMatchObject({ code: 'not_found' })
    expect(JSON.stringify(registry.operations().filter(({ mount }) => mount === 'cold'))).not.toBe(before)
  })
})

describe('a capacity', () => {
  it('sends new files behind the redirect while it is reached, and moves the least recently used until it is not', async () => {
    let now = 1000
    const world = await openWorld({ hot: openMemory({ now: () => now }), rule: { olderThanMs: undefined, capacityBytes: 10 }, now: () => now })
    for (const name of ['first', 'second', 'third']) {
      await world.kernel.write(parsePath(`/hot/${name}`), bytes('12345'))
      now += 5000
    }
    expect(await filesOf(world.hot, '/')).toEqual(['/first', '/second'])
    expect(await filesOf(world.cold, '/')).toEqual(['/tier/third'])
    expect(await textOf(world.kernel, '/hot/third')).toBe('12345')
    const planned: string[] = []
    await runTiers(world.kernel, world.tiers, { dryRun: true, now, onFile: ({ path }) => void planned.push(path) })
    expect(planned).toEqual(['/hot/first'])
    expect(await runTiers(world.kernel, world.tiers, { now })).toMatchObject([{ files: 1, bytes: 5 }])
    expect(await filesOf(world.hot, '/')).toEqual(['/second'])
    now += 5000
    await world.kernel.write(parsePath('/hot/fourth'), bytes('1'))
    expect(await filesOf(world.hot, '/')).toEqual(['/fourth', '/second'])
  })
})
