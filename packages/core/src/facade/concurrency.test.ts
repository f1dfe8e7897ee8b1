import { expect, it } from 'vitest'
import { forEachConcurrently } from './for-each-concurrently.ts'
import { prefetch } from './prefetch.ts'

async function* numbers(count: number, seen: number[] = []): AsyncGenerator<number> {
  for (let value = 0; value < count; value++) {
    seen.push(value)
    yield await Promise.resolve(value)
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

it('forEachConcurrently does everything, never more at once than allowed', async () => {
  let [running, most, done] = [0, 0, 0]
  await forEachConcurrently(numbers(20), { concurrency: 3 }, async () => {
    most = Math.max(most, ++running)
    await turn()
    running--
    done++
  })
  expect({ most, done }).toEqual({ most: 3, done: 20 })
})

it('forEachConcurrently tells the first failure, aborts the others and waits for them', async () => {
  const failure = new Error('third')
  const [ended, seen]: [number[], number[]] = [[], []]
  const work = async (value: number, signal: AbortSignal): Promise<void> => {
    await turn()
    if (value === 2) throw failure
    while (!signal.aborted) await turn()
    ended.push(value)
  }
  await expect(forEachConcurrently(numbers(100, seen), { concurrency: 3 }, work)).rejects.toBe(failure)
  expect(ended).toEqual([0, 1])
  expect(seen.length).toBeLessThan(6)
})

it('forEachConcurrently stops at an abort', async () => {
  const controller = new AbortController()
  const reason = new Error('enough')
  const work = async (value: number): Promise<void> => {
    await turn()
    if (value === 5) controller.abort(reason)
  }
  await expect(forEachConcurrently(numbers(1000), { concurrency: 2, signal: controller.signal }, work)).rejects.toBe(reason)
})

it('prefetch gives results in order, works ahead and no further', async () => {
  const started: number[] = []
  const results: number[] = []
  for await (const result of prefetch(numbers(10), { ahead: 4 }, async (value) => {
    started.push(value)
    for (let wait = 10 - value; wait > 0; wait--) await turn()
    return value
  })) {
    results.push(result)
    expect(started.length - results.length).toBeLessThan(4)
  }
  expect(results).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
})

it('prefetch tells a failure when its turn comes, after what came before it', async () => {
  const results: number[] = []
  const taken = (async () => {
    for await (const result of prefetch(numbers(10), { ahead: 4 }, (value) => (value === 2 ? Promise.reject(new Error('no')) : Promise.resolve(value)))) results.push(result)
  })()
  await expect(taken).rejects.toThrow('no')
  expect(results).toEqual([0, 1])
})

it('prefetch aborts what is under way when the taker leaves', async () => {
  let aborted = 0
  for await (const result of prefetch(numbers(10), { ahead: 3 }, async (value, signal) => {
    if (value > 0) {
      while (!signal.aborted) await turn()
      aborted++
    }
    return value
  })) {
    expect(result).toBe(0)
    break
  }
  expect(aborted).toBe(2)
})
