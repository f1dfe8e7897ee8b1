import { describe, expect, it } from 'vitest'
import { isNexusError } from '../contract/errors.ts'
import { parsePath } from '../contract/paths.ts'
import { createMountTable, type Mountable, type MountTable } from './mount-table.ts'

function mountable(mountPoint: string, { priority = 0, hidden = false }: { priority?: number; hidden?: boolean } = {}): Mountable {
  return { mountPoint: parsePath(mountPoint), priority, hidden, label: `test:/${mountPoint}` }
}

function routed(table: MountTable<Mountable>, path: string): string | undefined {
  return table.find(parsePath(path)).winner?.mountPoint
}

/** What the table caches, said again by looking at every mount. */
function bestOf(all: readonly Mountable[], path: string): string | undefined {
  const covering = all.filter(({ mountPoint }) => mountPoint === '/' || path === mountPoint || path.startsWith(`${mountPoint}/`))
  return covering.sort((left, right) => right.priority - left.priority || right.mountPoint.length - left.mountPoint.length)[0]?.mountPoint
}

function codeOf(run: () => void): { code: string | undefined; message: string } {
  try {
    run()
  } catch (error) {
    return { code: isNexusError(error) ? error.code : undefined, message: String(error) }
  }
  return { code: undefined, message: 'no error' }
}

describe('The mount table', () => {
  it('routes by components, so that a neighbour whose name begins alike is another place', () => {
    const table = createMountTable()
    table.add(mountable('/a/b'))
    expect(routed(table, '/a/b')).toBe('/a/b')
    expect(routed(table, '/a/b/c/d')).toBe('/a/b')
    expect(routed(table, '/a/bc')).toBeUndefined()
    expect(routed(table, '/a')).toBeUndefined()
  })

  it('prefers the longer prefix, and the higher priority to that', () => {
    const table = createMountTable()
    table.add(mountable('/'))
    table.add(mountable('/a'))
    table.add(mountable('/a/b', { priority: 3 }))
    table.add(mountable('/a/b/c', { priority: 1 }), { allowShadow: true })
    expect(['/x', '/a/x', '/a/b/x', '/a/b/c/x'].map((path) => routed(table, path))).toEqual(['/', '/a', '/a/b', '/a/b'])
  })

  it('agrees with a look at every mount in random tables, while mounts come and go', () => {
    let seed = 7
    const random = (below: number): number => (seed = (seed * 48_271) % 0x7fff_ffff) % below
    const randomPath = (): string => `/${Array.from({ length: 1 + random(4) }, () => 'abc'[random(3)]).join('/')}`
    const table = createMountTable()
    const all = new Map<string, Mountable>()
    for (let round = 0; round < 3000; round++) {
      const path = randomPath()
      const standing = all.get(path)
      if (standing === undefined) {
        const added = mountable(path, { priority: random(3) })
        table.add(added, { allowShadow: true })
        all.set(path, added)
      } else {
        table.remove(standing)
        all.delete(path)
      }
      const probe = randomPath()
      expect(routed(table, probe)).toBe(bestOf([...all.values()], probe))
      const reachable = [...all.values()].filter(({ mountPoint }) => bestOf([...all.values()], mountPoint) === mountPoint)
      expect(table.root.reachable).toBe(reachable.length)
    }
    for (const mount of all.values()) table.remove(mount)
    expect(table.root.children.size).toBe(0)
  })

  it('names both mounts when a place is taken', () => {
    const table = createMountTable()
    table.add(mountable('/a'))
    const { code, message } = codeOf(() => table.add({ ...mountable('/a'), label: 'other://one' }))
    expect(code).toBe('mount_collision')
    expect(message).toContain('test://a')
    expect(message).toContain('other://one')
  })

  it('refuses a mount that nobody could reach, and one that would bury another, from either side', () => {
    const high = mountable('/a', { priority: 5 })
    const low = mountable('/a/b/c')
    for (const [first, second] of [
      [high, low],
      [low, high],
    ] as const) {
      const table = createMountTable()
      table.add(first)
      const { code, message } = codeOf(() => table.add(second))
      expect(code).toBe('mount_collision')
      expect(message).toContain(high.label)
      expect(message).toContain(low.label)
      table.add(second, { allowShadow: true })
      expect(routed(table, '/a/b/c/x')).toBe('/a')
    }
  })

  it('shows a buried mount again when what buries it goes', () => {
    const table = createMountTable()
    const high = mountable('/a', { priority: 5 })
    table.add(mountable('/a/b'))
    table.add(high, { allowShadow: true })
    table.remove(high)
    expect(routed(table, '/a/b/x')).toBe('/a/b')
    expect(table.root.reachable).toBe(1)
  })

  it('counts no hidden mount as a directory', () => {
    const table = createMountTable()
    table.add(mountable('/__sys__', { hidden: true }))
    expect(table.root.reachable).toBe(0)
    expect(routed(table, '/__sys__/x')).toBe('/__sys__')
  })

  it('visits among 100,000 mounts the nodes that it visits among 10', () => {
    const visits = [10, 100_000].map((count) => {
      const table = createMountTable()
      for (let index = 0; index < count; index++) table.add(mountable(`/s3/bucket-${index}/data`))
      const before = table.visitedNodes()
      table.find(parsePath('/s3/bucket-7/data/deep/down/file.txt'))
      return table.visitedNodes() - before
    })
    expect(visits).toEqual([4, 4])
  })
})
