import { type Backend, NexusError, parsePath } from '@nexus/core/contract'
import { describe, expect, it } from 'vitest'
import type { StoreRequest } from '../src/memory-request.ts'
import { openMemoryStore } from '../src/memory-store.ts'
import type { ListPagesOptions, ObjectPage } from '../src/object-store.ts'
import { openObjectTree } from '../src/tree/open-object-tree.ts'
import { bytes, failureOf, keysIn, openTree, requestsOf, textOf } from './tree-kit.ts'

const at = parsePath

/** A tree in whose store something happens before each request of a kind, `times` times. */
function openWith(verb: StoreRequest['verb'], times: number, strike: (request: StoreRequest) => void | Promise<void>) {
  let isArmed = false
  let left = times
  const opened = openTree({
    before: async (request) => {
      if (!isArmed || request.verb !== verb || left === 0) return
      left--
      isArmed = false
      await strike(request)
      isArmed = true
    },
  })
  return { ...opened, arm: () => void (isArmed = true), hasStruck: () => left < times }
}

describe('what others do in between', () => {
  it.each([[1, 'works on what they left'], [9, 'is given up']])('%i times before setMetadata writes: it %s', async (times) => {
    const opened = openWith('copy', times, async () => {
      await opened.store.put('a', bytes('theirs'))
    })
    await opened.store.put('a', bytes('ours'))
    opened.arm()
    const changing = opened.tree.setMetadata!(at('/a'), { colour: 'red' })
    if (times === 1) expect((await changing).metadata).toEqual({ colour: 'red' })
    else expect(await failureOf(changing)).toMatchObject({ code: 'busy', path: '/a' })
    expect(opened.hasStruck()).toBe(true)
    expect(await textOf(opened.tree, '/a')).toBe('theirs')
  })

  it.each([[1, 'the new end'], [9, 'nothing']])('%i times before a suffix is read: it gives %s', async (times) => {
    const opened = openWith('get', times, async () => {
      await opened.store.put('a', bytes('longer than before'))
    })
    await opened.store.put('a', bytes('short'))
    opened.arm()
    const reading = opened.tree.read(at('/a'), { range: { suffix: 6 } })
    if (times === 1) expect(await (await reading).text()).toBe('before')
    else expect(await failureOf(reading)).toMatchObject({ code: 'busy' })
  })

  it('between the copy and the deletion of a rename is not lost', async () => {
    const opened = openWith('deleteMatching', 1, async () => {
      await opened.store.put('a', bytes('theirs'))
    })
    await opened.store.put('a', bytes('ours'))
    opened.arm()
    expect(await failureOf(opened.tree.rename!(at('/a'), at('/b')))).toMatchObject({ code: 'precondition_failed', path: '/a' })
    expect([await textOf(opened.tree, '/a'), await textOf(opened.tree, '/b')]).toEqual(['theirs', 'ours'])
  })
})

describe('what is done here while a directory is looked at', () => {
  /** A tree in which something happens once between the last page of a look and its end. */
  function openSlow(strike: (tree: Backend) => Promise<unknown>) {
    const store = openMemoryStore()
    let isArmed = true
    const list = async function* (options: ListPagesOptions): AsyncGenerator<ObjectPage> {
      yield* store.list(options)
      if (!isArmed) return
      isArmed = false
      await strike(tree)
    }
    const tree = openObjectTree({ ...store, list })
    return { store, tree, hasStruck: () => !isArmed }
  }

  it('is not forgotten by the look', async () => {
    const { store, tree, hasStruck } = openSlow(async (inner) => {
      await inner.write(at('/docs/new/below'), bytes('x'))
      await inner.write(at('/docs/file'), bytes('x'))
    })
    await store.put('docs/a', bytes('x'))
    await tree.write(at('/docs/b'), bytes('x'))
    expect(hasStruck()).toBe(true)
    expect(await failureOf(tree.write(at('/docs/new'), bytes('x')))).toMatchObject({ code: 'is_directory' })
    expect(await failureOf(tree.write(at('/docs/file/below'), bytes('x')))).toMatchObject({ code: 'not_directory' })
  })

  it('leaves nothing to believe where a directory went', async () => {
    const { store, tree, hasStruck } = openSlow((inner) => inner.delete(at('/docs'), { recursive: true }))
    await store.put('docs/a', bytes('x'))
    await tree.write(at('/docs/b'), bytes('x'))
    expect([hasStruck(), await keysIn(store)]).toEqual([true, ['docs/b']])
    expect(await requestsOf(store, () => tree.write(at('/docs/c'), bytes('x')))).toEqual({ list: 1, put: 1 })
  })
})

describe('failures of the store', () => {
  it('are told by path and verb, and an unknown outcome stays one', async () => {
    const opened = openWith('put', 1, ({ after }) => after(() => { throw new NexusError('outcome_unknown', { op: 'put', path: 'docs/a' }) }))
    opened.arm()
    expect(await failureOf(opened.tree.write(at('/docs/a'), bytes('x')))).toMatchObject({ code: 'outcome_unknown', op: 'write', path: '/docs/a' })
    expect(await textOf(opened.tree, '/docs/a')).toBe('x')
    expect(await failureOf(opened.tree.write(at('/docs'), bytes('x')))).toMatchObject({ code: 'is_directory' })
  })

  it('in the middle of a directory rename leave every file in one place at least', async () => {
    const opened = openWith('copy', 1, ({ after }) => after(() => { throw new NexusError('unavailable') }))
    for (const key of ['docs/a', 'docs/b', 'docs/c']) await opened.store.put(key, bytes(key))
    await opened.tree.write(at('/looks-at-the-root'), bytes('x'))
    opened.arm()
    expect(await failureOf(opened.tree.rename!(at('/docs'), at('/moved'), { allowNonAtomic: true }))).toMatchObject({ code: 'outcome_unknown' })
    expect(await keysIn(opened.store)).toEqual(expect.arrayContaining(['docs/a', 'docs/b', 'docs/c']))
    expect(await failureOf(opened.tree.write(at('/moved'), bytes('x')))).toMatchObject({ code: 'is_directory' })
  })

  it('that are no NexusErrors become unexpected ones', async () => {
    const tree = openObjectTree(openMemoryStore({ before: () => { throw new TypeError('a bug') } }))
    expect(await failureOf(tree.stat(at('/a')))).toMatchObject({ code: 'unexpected', op: 'stat', path: '/a' })
  })
})

describe('a file where a directory was', () => {
  /** A tree that has written `/docs/a`, and in whose store the next deletion is answered by nobody. */
  async function openUnanswered() {
    const opened = openWith('delete', 1, ({ after }) => after(() => { throw new NexusError('outcome_unknown') }))
    await opened.tree.write(at('/docs/a'), bytes('x'))
    opened.arm()
    return opened
  }

  it('is a directory no more, for what was known below it too', async () => {
    const { tree, store } = openTree()
    await tree.write(at('/docs/below/a'), bytes('x'))
    await store.delete(['docs/below/a'])
    await tree.write(at('/docs'), bytes('x'))
    expect(await failureOf(tree.write(at('/docs/b'), bytes('x')))).toMatchObject({ code: 'not_directory' })
    expect(await failureOf(tree.write(at('/docs/below/b'), bytes('x')))).toMatchObject({ code: 'not_directory' })
  })

  it('is seen as one also where not all beside it is known', async () => {
    const { tree, store } = openTree({ pageSize: 2 })
    for (const key of ['a', 'b', 'c', 'docs/a']) await store.put(key, bytes('x'))
    await tree.write(at('/docs/b'), bytes('x'))
    await store.delete(['docs/a', 'docs/b'])
    await tree.write(at('/docs'), bytes('x'))
    expect(await failureOf(tree.write(at('/docs/c'), bytes('x')))).toMatchObject({ code: 'not_directory' })
  })

  it('is looked for after a deletion whose answer was lost', async () => {
    const { tree, store } = await openUnanswered()
    expect(await failureOf(tree.delete(at('/docs'), { recursive: true }))).toMatchObject({ code: 'outcome_unknown' })
    await store.put('docs', bytes('theirs'))
    expect(await failureOf(tree.write(at('/docs/c'), bytes('x')))).toMatchObject({ code: 'not_directory' })
  })

  it('is looked for after a directory could not be kept', async () => {
    const opened = openWith('put', 1, () => { throw new NexusError('rate_limited') })
    await opened.tree.write(at('/docs/a'), bytes('x'))
    opened.arm()
    expect(await failureOf(opened.tree.delete(at('/docs/a')))).toMatchObject({ code: 'outcome_unknown' })
    await opened.store.put('docs', bytes('theirs'))
    expect(await failureOf(opened.tree.write(at('/docs/c'), bytes('x')))).toMatchObject({ code: 'not_directory' })
  })
})

describe('what is refused when a part of it has happened', () => {
  const throttle = (): void => { throw new NexusError('rate_limited', { retryAfterMs: 7 }) }

  it.each([['deleteMatching', '/docs/a'], ['put', '/docs/a'], ['deleteMatching', '/docs'], ['put', '/docs']] as const)('%s, when %s is renamed, leaves open what has happened', async (verb, from) => {
    const opened = openWith(verb, 1, throttle)
    await opened.store.put('outer/docs/a', bytes('x'))
    opened.arm()
    const failure = await failureOf(opened.tree.rename!(at(`/outer${from}`), at('/moved'), { allowNonAtomic: true }))
    expect(failure).toMatchObject({ code: 'outcome_unknown', retryAfterMs: 7, reason: expect.stringContaining('copied to /moved') as unknown })
  })

  it('the second copy of a directory leaves open what has happened, and the first does not', async () => {
    for (const [key, code] of [['moved/a', 'rate_limited'], ['moved/b', 'outcome_unknown']] as const) {
      let isArmed = true
      const { tree, store } = openTree({ before: (request) => { if (isArmed && request.verb === 'copy' && request.key >= key) throttle() } })
      await store.put('docs/a', bytes('x'))
      await store.put('docs/b', bytes('x'))
      expect(await failureOf(tree.rename!(at('/docs'), at('/moved'), { allowNonAtomic: true }))).toMatchObject({ code })
      isArmed = false
    }
  })

  it('a copy of a directory that fails ends the others before it is told', async () => {
    const wait = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5))
    const { store, tree } = openTree({ before: ({ verb, key }) => (key === 'moved/10' ? throttle() : verb === 'copy' ? wait() : undefined) })
    for (let index = 10; index < 60; index++) await store.put(`docs/${index}`, bytes('x'))
    await failureOf(tree.rename!(at('/docs'), at('/moved'), { allowNonAtomic: true }))
    const [{ copy }, keys] = [store.requests, await keysIn(store)]
    expect([copy, keys.length]).toEqual([16, 50 + 15])
    await wait()
    expect([store.requests.copy, await keysIn(store)]).toEqual([copy, keys])
  })

  it('the second page of a recursive deletion leaves open what has happened, and the first does not', async () => {
    for (const [page, code] of [[1, 'rate_limited'], [2, 'outcome_unknown']] as const) {
      let count = 0
      const { tree, store } = openTree({ pageSize: 1, before: ({ verb }) => { if (verb === 'delete' && ++count === page) throttle() } })
      await store.put('docs/a', bytes('x'))
      await store.put('docs/b', bytes('x'))
      expect(await failureOf(tree.delete(at('/docs'), { recursive: true }))).toMatchObject({ code })
    }
  })
})

describe('etags made of the content alone', () => {
  it('let no attribute be lost that is set at the same time', async () => {
    const store = openMemoryStore()
    const constant = <T extends object>(info: T | undefined): T | undefined => info && { ...info, etag: '"of the content"' }
    const tree = openObjectTree({
      ...store,
      head: async (key, options) => constant(await store.head(key, options)),
      copy: async (from, to, options) => constant(await store.copy(from, to, { ...options, ifSourceMatch: undefined, condition: undefined })),
    })
    await store.put('a', bytes('x'))
    await Promise.all([tree.setMetadata!(at('/a'), { colour: 'red' }), tree.setMetadata!(at('/a'), { size: 'small' })])
    expect((await tree.stat(at('/a'))).metadata).toEqual({ colour: 'red', size: 'small' })
  })
})
