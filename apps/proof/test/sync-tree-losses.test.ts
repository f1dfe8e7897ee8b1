import { openMemory } from '@nexus/backend-memory'
import { type Backend, isNexusError, NexusError, type Path, type SlimNexusFS } from '@nexus/core'
import { openMemoryStore, openObjectTree } from '@nexus/object-storage'
import { describe, expect, it, onTestFinished } from 'vitest'
import { kinds, openKinds, openPair, snapshotOf } from './sync-tree-kit.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Memory that can be taken away and put back as a disk is: what it held is not there, and its root is an empty mount point or nothing. */
function unpluggable(): { readonly backend: Backend; readonly inner: Backend; isGone: boolean; hasMountPoint: boolean } {
  const [inner, nothing] = [openMemory(), openMemory()]
  const absent: Backend = {
    ...nothing,
    stat: (path) => Promise.reject(new NexusError('not_found', { op: 'stat', path })),
    list: (path) => nothing.list(`${path}/absent` as Path),
  }
  const disk = { inner, isGone: false, hasMountPoint: true }
  const now = (): Backend => (disk.isGone ? (disk.hasMountPoint ? nothing : absent) : inner)
  const backend: Backend = { ...inner, stat: (...args) => now().stat(...args), list: (...args) => now().list(...args), read: (...args) => now().read(...args) }
  return Object.assign(disk, { backend })
}

async function until(isReached: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isReached())) await new Promise((resolve) => setTimeout(resolve, 5))
}

describe('names that are shown escaped', () => {
  // Decomposed, with a control character, and names between which they stand in one order and not in the other.
  const names = ['cafe%CC%81.txt', 'cafeteria.txt', 'cafe%01', 'cafe!', 'cafe', 'd%CC%81/x%CC%81', 'd%CC%81/x', 'd%CC%81/xy', 'da/b', 'd%01/b', 'd', '100% sure', '%E1%84%80']
  it.each(kinds.flatMap((from) => kinds.map((to) => [from, to] as const)))('from %s to %s: a second sync with delete finds nothing to do', async (from, to) => {
    const fs = await openKinds(from, to)
    for (const name of names) await fs.write(`/from/${name}`, name)
    expect(await fs.syncTree('/from', '/to', { delete: true })).toMatchObject({ files: names.length, deleted: 0, failures: [] })
    const source = await snapshotOf(fs, '/from')
    expect(await snapshotOf(fs, '/to')).toEqual(source)
    expect(await fs.syncTree('/from', '/to', { delete: true })).toMatchObject({ files: 0, deleted: 0, unchanged: names.length, failures: [] })
    expect(await snapshotOf(fs, '/to')).toEqual(source)
    await fs.delete('/from/d%CC%81', { recursive: true })
    expect(await fs.syncTree('/from', '/to', { delete: true })).toMatchObject({ files: 0, deleted: 4, failures: [] })
    expect(await snapshotOf(fs, '/to')).toEqual(await snapshotOf(fs, '/from'))
  })

  it('cost no second look at what lies beside them', async () => {
    const store = openMemoryStore()
    const fs = await openPair({ source: openObjectTree(store) })
    for (let index = 0; index < 50; index++) await fs.write(`/from/d${index}/x`, 'x')
    const listsOfSync = async (): Promise<number> => {
      await fs.syncTree('/from', '/to')
      const before = store.requests.list
      await fs.syncTree('/from', '/to')
      return store.requests.list - before
    }
    const plain = await listsOfSync()
    await fs.write('/from/cafe%CC%81.txt', 'x')
    expect(await listsOfSync()).toBe(plain)
  })
})

describe('what a listing of the source leaves out', () => {
  it('is not deleted while it is there', async () => {
    const source = openMemory()
    const forgetful: Backend = { ...source, async *list(path, options) {
      for await (const entry of source.list(path, options)) if (!entry.path.startsWith('/hidden')) yield entry
    } }
    const fs = await openPair({ source: forgetful })
    for (const path of ['/from/a', '/from/hidden/x', '/to/hidden/x', '/to/hidden/y']) await fs.write(path, '1')
    expect(await fs.syncTree('/from', '/to', { delete: true })).toMatchObject({ deleted: 1, failed: 0 })
    expect(await snapshotOf(fs, '/to')).toEqual({ a: '1', 'hidden/': '', 'hidden/x': '1' })
  })
})

describe('a source that disappears', () => {
  const files = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`d${String(index).padStart(3, '0')}/x`, 'x']))

  async function planted(): Promise<{ readonly fs: SlimNexusFS; readonly disk: ReturnType<typeof unpluggable>; readonly whole: Record<string, string> }> {
    const disk = unpluggable()
    const fs = await openPair({ source: disk.backend })
    for (const [name, text] of Object.entries(files)) await fs.write(`/from/${name}`, text)
    await fs.syncTree('/from', '/to')
    await fs.write('/to/old', 'x')
    return { fs, disk, whole: await snapshotOf(fs, '/to') }
  }

  it.each([true, false])('between the first look and the second takes nothing along (mount point stays: %s)', async (hasMountPoint) => {
    const { fs, disk, whole } = await planted()
    disk.hasMountPoint = hasMountPoint
    await fs.write('/from/d000/x', 'changed')
    const syncing = fs.syncTree('/from', '/to', { delete: true, onAction: () => (disk.isGone = true) })
    const code = await syncing.then(({ failures }) => failures.map((failure) => failure.code).join(), (error: unknown) => (isNexusError(error) ? error.code : String(error)))
    expect(code).toBe(hasMountPoint ? 'precondition_failed' : 'not_found')
    disk.isGone = false
    expect(Object.keys(await snapshotOf(fs, '/to'))).toEqual(Object.keys(whole))
  })

  it('while the second listing goes on takes nothing along', async () => {
    const { fs, disk, whole } = await planted()
    let lists = 0
    // Directories that were read before are told of, and there is nothing in them.
    const leaving: Backend = { ...disk.backend, async *list(path, options) {
      const isSecond = ++lists === 2
      for await (const entry of disk.backend.list(path, options)) {
        if (isSecond) disk.isGone = true
        if (!isSecond || entry.kind === 'directory') yield entry
      }
    } }
    const again = await openPair({ source: leaving, target: rooted(fs, '/to') })
    expect((await again.syncTree('/from', '/to', { delete: true })).failures.map(({ code }) => code)).toEqual(['precondition_failed'])
    expect(await snapshotOf(fs, '/to')).toEqual(whole)
  })

  it('under a watch takes nothing along, is told, and is followed again when it is back', { timeout: 60_000 }, async () => {
    const { fs, disk } = await planted()
    const [stop, enough] = [new AbortController(), new Error('enough')]
    const told: string[] = []
    let passes = 0
    const ended = fs.watchTree('/from', '/to', { delete: true, signal: stop.signal, onPass: () => passes++, onRetry: ({ code }) => told.push(code) })
    onTestFinished(async () => {
      stop.abort(enough)
      await expect(ended).rejects.toBe(enough)
    })
    await until(() => passes > 0)
    const whole = await snapshotOf(fs, '/to')
    disk.isGone = true
    // What the feed tells of a disk that goes: its directories vanish.
    await disk.inner.delete('/d001' as never, { recursive: true })
    await until(() => told.length > 0)
    expect(told).toEqual(['precondition_failed'])
    expect(await snapshotOf(fs, '/to')).toEqual(whole)
    disk.isGone = false
    await fs.write('/from/new', '1')
    await until(async () => !(await fs.exists('/to/d001')) && (await fs.exists('/to/new')))
    expect(await snapshotOf(fs, '/to')).toEqual(await snapshotOf(fs, '/from'))
  })
})

/** What one directory of a filesystem holds, as a backend of its own. */
function rooted({ backend }: SlimNexusFS, root: string): Backend {
  const at = (path: string): never => `${root}${path === '/' ? '' : path}` as never
  return {
    ...openMemory(),
    stat: async (path, options) => {
      const stat = await backend.stat(at(path), options)
      return { ...stat, path }
    },
    async *list(path, options) {
      for await (const entry of backend.list(at(path), options)) yield { ...entry, path: entry.path.slice(root.length) as never }
    },
    read: (path, options) => backend.read(at(path), options),
    delete: (path, options) => backend.delete(at(path), options),
  }
}

describe('a file that changes while it is copied', () => {
  /** Changes `/a` after so many of its reads have been answered with what it held before. */
  function changing(times: number): Backend {
    const inner = openMemory()
    let state = 0
    return {
      ...inner,
      // A state that a condition cannot hold is not needed: this one is copied as a whole, and is the old one.
      read: async (path, options) => {
        const content = await inner.read(path, options)
        const body = await content.bytes()
        if (state < times) await inner.write(path, bytes(`state ${++state}`))
        return { ...content, bytes: () => Promise.resolve(body), stream: () => new Blob([body.slice()]).stream() }
      },
    }
  }

  it('is copied anew', async () => {
    const fs = await openPair({ source: changing(1) })
    await fs.write('/from/a', 'state 0')
    expect(await fs.syncTree('/from', '/to')).toMatchObject({ files: 1, bytes: 7, failed: 0 })
    expect(await fs.readText('/to/a')).toBe('state 1')
  })

  it('again and again is told as failed', async () => {
    const fs = await openPair({ source: changing(Infinity) })
    await fs.write('/from/a', 'state 0')
    const { failures, ...counts } = await fs.syncTree('/from', '/to')
    expect(counts).toMatchObject({ files: 0, bytes: 0, failed: 1 })
    expect(failures.map(({ path, code }) => [path, code])).toEqual([['/from/a', 'busy']])
  })
})

describe('a file in the place of a directory', () => {
  it('stays when nothing needs the directory', async () => {
    const target = openMemory()
    const fs = await openPair({ target: { ...target, capabilities: { ...target.capabilities, emptyDirectories: false } } })
    for (const path of ['/from/report/draft.tmp', '/from/deep/er/draft.tmp', '/to/report', '/to/deep', '/to/hollow', '/to/linked']) await fs.write(path, '1')
    await fs.mkdir('/from/hollow')
    await fs.write('/from/linked/link', '', { metadata: { symlink: 'x' } })
    const filter = [{ exclude: '*.tmp' }]
    expect(await fs.syncTree('/from', '/to', { filter })).toMatchObject({ files: 0, directories: 0, deleted: 0, failed: 0 })
    expect(await snapshotOf(fs, '/to')).toEqual({ deep: '1', hollow: '1', linked: '1', report: '1' })
    // The source has no such files.
    expect(await fs.syncTree('/from', '/to', { filter, delete: true, dryRun: true })).toMatchObject({ deleted: 4 })
    expect(await fs.syncTree('/from', '/to', { filter, delete: true })).toMatchObject({ deleted: 4, failed: 0 })
    expect(await snapshotOf(fs, '/to')).toEqual({})
  })

  it('gives way to the first thing that does, or to the directory itself where empty ones are kept', async () => {
    const fs = await openPair()
    for (const path of ['/from/report/draft.tmp', '/from/report/sub/final', '/to/report', '/to/hollow']) await fs.write(path, '1')
    await fs.mkdir('/from/hollow')
    expect(await fs.syncTree('/from', '/to', { filter: [{ exclude: '*.tmp' }] })).toMatchObject({ files: 1, directories: 1, deleted: 2, failed: 0 })
    expect(await snapshotOf(fs, '/to')).toEqual({ 'hollow/': '', 'report/': '', 'report/sub/': '', 'report/sub/final': '1' })
  })
})
