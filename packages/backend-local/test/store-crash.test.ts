import { journalStart } from '@nexus/core/contract'
import { describe, expect, it } from 'vitest'
import type { Step } from '../src/store/environment.ts'
import { commit, entriesOf, openTestStore, segmentFiles, startChild, temporaryRoot, textOf, textsOf } from './store-kit.ts'

const acknowledged = (output: string): string[] => output.split('\n').filter((line) => line.startsWith('ack ')).map((line) => line.slice(4))

describe('several processes', () => {
  it.each(['os', 'fsync'])('append under %s without losing or doubling a commit', async (durability) => {
    const { root } = await openTestStore()
    const names = ['p', 'q', 'r', 's']
    const children = names.map((name) => startChild('append', root, name, '200', durability))
    await Promise.all(children.map(({ ended }) => ended))
    const entries = await entriesOf(await openTestStore({ root }))
    expect(entries.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 800 }, (_, index) => index + 1))
    const texts = entries.map(textOf)
    for (const name of names) expect(texts.filter((text) => text.startsWith(name))).toEqual(Array.from({ length: 200 }, (_, index) => `${name}-${index}`))
  })

  it('never show a commit before it is acknowledged', async () => {
    const { root, ...stores } = await openTestStore()
    let seen: unknown
    const onStep = (step: Step): void => {
      if (step === 'after-write') seen = stores.journal.newer(journalStart)
    }
    await commit(stores, 'first')
    const [first] = await entriesOf(stores)
    const writer = await openTestStore({ root, environment: { onStep } })
    await commit(writer, 'a')
    expect(seen).toEqual([first])
    expect(await textsOf(stores)).toEqual(['first', 'a'])
  })
})

const steps: readonly [Step, number][] = [
  ['after-lock', 3],
  ['after-write', 3],
  ['after-sync', 3],
  ['after-publish', 3],
  ['segment-written', 1],
  ['segment-renamed', 1],
  ['segment-ready', 1],
  ['segment-written', 2],
  ['segment-renamed', 2],
  ['segment-ready', 2],
  ['content-staged', 3],
  ['content-published', 3],
]

describe('a process killed', () => {
  it.each(steps.flatMap((step) => [[...step, 'os'], [...step, 'fsync']] as const))('at %s, the %dth time, under %s, loses nothing that it acknowledged', async (step, nth, durability) => {
    const root = temporaryRoot()
    const stores = await openTestStore({ root })
    const { ended } = startChild('kill', root, 'k', step, String(nth), durability, '300000')
    const { output, signal } = await ended
    expect(signal).toBe('SIGKILL')
    await commit(stores, 'after', durability)
    const texts = await textsOf(await openTestStore({ root }))
    const promised = acknowledged(output)
    expect(texts.slice(0, promised.length)).toEqual(promised)
    expect(texts.at(-1)).toBe('after')
    // At most the one commit that was on its way is there besides.
    expect(texts.length - promised.length - 1).toBeLessThanOrEqual(1)
    expect(texts.slice(0, -1)).toEqual(Array.from({ length: texts.length - 1 }, (_, index) => `k-${index}`))
    expect(await textsOf(stores)).toEqual(texts)
  })

  it('between write and publication has committed, in place', async () => {
    const { root, ...stores } = await openTestStore()
    await textsOf(stores)
    const { ended } = startChild('kill', root, 'k', 'after-write', '3', 'os', '100')
    expect(acknowledged((await ended).output)).toEqual(['k-0', 'k-1'])
    expect(await textsOf(stores)).toEqual(['k-0', 'k-1'])
    await commit(stores, 'after')
    expect(await textsOf(stores)).toEqual(['k-0', 'k-1', 'k-2', 'after'])
    expect(segmentFiles(root).length).toBe(1)
  })

  it('between write and publication has committed for whoever opens the repository next, before anybody writes', async () => {
    const { root, ...stores } = await openTestStore()
    await textsOf(stores)
    await startChild('kill', root, 'k', 'after-write', '3', 'os', '100').ended
    expect(await textsOf(stores)).toEqual(['k-0', 'k-1'])
    expect(await textsOf(await openTestStore({ root }))).toEqual(['k-0', 'k-1', 'k-2'])
    expect(await textsOf(stores)).toEqual(['k-0', 'k-1', 'k-2'])
  })

  it('between write and publication leaves that to the writer who holds the lock when another opens', async () => {
    const { root } = await openTestStore()
    const reader = await openTestStore({ root })
    let seen: Promise<readonly string[]> | undefined
    const writer = await openTestStore({ root, environment: { onStep: (step) => void (step === 'after-lock' && (seen = textsOf(reader))) } })
    await textsOf(writer)
    await startChild('kill', root, 'k', 'after-write', '3', 'os', '100').ended
    await commit(writer, 'after')
    expect(await seen).toEqual(['k-0', 'k-1'])
    expect(await textsOf(reader)).toEqual(['k-0', 'k-1', 'k-2', 'after'])
  })

  it('at its settling has published no commit, and its contents are swept', async () => {
    const { root, contents, ...stores } = await openTestStore()
    const { ended } = startChild('kill', root, 'k', 'content-settled', '2', 'fsync', '100')
    expect(acknowledged((await ended).output)).toEqual(['k-0'])
    const killed = startChild('kill', root, 'l', 'content-staged', '1', 'fsync', '100')
    await killed.ended
    expect(await contents.sweep()).toBeGreaterThan(0)
    expect(await contents.sweep()).toBe(0)
    expect(await textsOf({ contents, ...stores })).toEqual(['k-0'])
  })
})
