import { fsck, NexusError } from '@nexus/core'
import { expect, onTestFinished, test, vi } from 'vitest'
import { at, type BucketRepository, indexFile, openBucket, openInBucket, storesOf, type StoreRequest, type TestBucket } from './bucket-kit.ts'

/** The numbers of all journal objects, and how many commits the journal holds. */
async function journal(bucket: TestBucket): Promise<{ readonly objects: number; readonly commits: number }> {
  const keys = await bucket.keys('journal/')
  const reader = await openInBucket(bucket)
  return { objects: keys.length, commits: reader.engine.position.sequence }
}

function isCommit({ verb, key }: StoreRequest): boolean {
  return verb === 'put' && key.startsWith('journal/')
}

const lost = (): never => {
  throw new NexusError('outcome_unknown')
}

test('4 writers under conflicts, lost answers and time-outs lose no commit and double none', async () => {
  const bucket = openBucket()
  const writers = await Promise.all([1, 2, 3, 4].map(() => openInBucket(bucket)))
  let count = 0
  const struck = { busy: 0, lost: 0, timeout: 0, late: 0 }
  bucket.before = async (request) => {
    await new Promise((resolve) => setImmediate(resolve))
    if (!isCommit(request)) return
    count++
    if (count % 7 === 3) {
      struck.busy++
      throw new NexusError('busy')
    }
    if (count % 5 === 1) request.after(() => (struck.lost++, lost()))
    if (count % 11 === 4) {
      struck.timeout++
      lost()
    }
    if (count % 13 === 5) struck.late++
    if (count % 13 === 5) throw new NexusError('unavailable')
  }
  const each = 25
  await Promise.all(writers.map(async ({ backend }, writer) => {
    for (let number = 0; number < each; number++) await backend.append?.(at('/log'), new TextEncoder().encode(`${writer}:${number}\n`))
  }))
  bucket.before = () => undefined
  const reader = await openInBucket(bucket)
  const lines = (await reader.text('/log')).trimEnd().split('\n')
  expect(lines).toHaveLength(4 * each)
  expect(new Set(lines).size).toBe(4 * each)
  for (const number of [0, 1, 2, 3]) expect(lines.filter((line) => line.startsWith(`${number}:`))).toEqual(Array.from({ length: each }, (_, index) => `${number}:${index}`))
  expect((await journal(bucket)).commits).toBe(4 * each)
  expect(await fsck(reader.engine, { readData: true })).toMatchObject({ ok: true, commits: 4 * each })
  for (const hits of Object.values(struck)) expect(hits).toBeGreaterThan(0)
})

test('412: another writer was first; its commit is folded, and our conditions are checked again', async () => {
  const bucket = openBucket()
  const [one, other] = [await openInBucket(bucket), await openInBucket(bucket)]
  await one.write('/a', 'a')
  await other.text('/a')
  bucket.before = async (request) => {
    if (!isCommit(request)) return
    bucket.before = () => undefined
    await one.backend.write(at('/taken'), Uint8Array.of(1))
  }
  await expect(other.backend.write(at('/taken'), Uint8Array.of(2), { ifNoneMatch: '*' })).rejects.toMatchObject({ code: 'precondition_failed' })
  bucket.before = async (request) => {
    if (!isCommit(request)) return
    bucket.before = () => undefined
    await one.write('/b', 'b')
  }
  await other.write('/c', 'c')
  expect(await one.text('/c')).toBe('c')
  expect(await other.text('/b')).toBe('b')
  expect(await journal(bucket)).toEqual({ objects: 4, commits: 4 })
})

test('409: the same bytes under the same number again', async () => {
  const bucket = openBucket()
  const one = await openInBucket(bucket)
  await one.write('/a', 'a')
  const keys: string[] = []
  bucket.before = (request) => {
    if (!isCommit(request)) return
    keys.push(request.key)
    if (keys.length < 3) throw new NexusError('busy')
  }
  await one.write('/b', 'b')
  expect(keys).toEqual([2, 2, 2].map((number) => `journal/${String(number).padStart(20, '0')}`))
})

test('a lost answer is found out, whether it had happened or not, and commits once', async () => {
  for (const hasHappened of [true, false]) {
    const bucket = openBucket()
    const one = await openInBucket(bucket)
    await one.write('/a', 'a')
    const keys: string[] = []
    bucket.before = (request) => {
      if (!isCommit(request)) return
      keys.push(request.key)
      if (keys.length > 1) return
      if (!hasHappened) lost()
      request.after(lost)
    }
    await one.write('/b', 'b')
    expect(new Set(keys).size).toBe(1)
    expect(await journal(bucket)).toEqual({ objects: 2, commits: 2 })
    expect(await one.text('/b')).toBe('b')
  }
})

test('who gives up is told that the outcome is unknown, and the next commit settles it', async () => {
  for (const hasHappened of [true, false]) {
    const bucket = openBucket()
    const one = await openInBucket(bucket)
    await one.write('/a', 'a')
    const giveUp = new AbortController()
    bucket.before = (request) => {
      if (!isCommit(request)) return
      if (hasHappened) request.after(() => (giveUp.abort(new Error('enough')), lost()))
      else {
        giveUp.abort(new Error('enough'))
        lost()
      }
    }
    await expect(one.backend.write(at('/b'), Uint8Array.of(1), { signal: giveUp.signal })).rejects.toMatchObject({ code: 'outcome_unknown' })
    bucket.before = () => undefined
    await one.write('/c', 'c')
    expect(await journal(bucket)).toEqual(hasHappened ? { objects: 3, commits: 3 } : { objects: 2, commits: 2 })
    const seen = await one.backend.stat(at('/b')).then(() => true, () => false)
    expect(seen).toBe(hasHappened)
  }
})

test('a service that stays away is told as unavailable when nothing was sent, as unknown when something was', async () => {
  const bucket = openBucket()
  const one = await openInBucket(bucket)
  await one.write('/a', 'a')
  bucket.before = (request) => {
    if (isCommit(request)) throw new NexusError('unavailable')
  }
  await expect(one.write('/b', 'b')).rejects.toMatchObject({ code: 'unavailable' })
  bucket.before = (request) => (isCommit(request) ? lost() : undefined)
  await expect(one.write('/b', 'b')).rejects.toMatchObject({ code: 'outcome_unknown' })
  bucket.before = () => undefined
  await one.write('/b', 'later')
  expect(await one.text('/b')).toBe('later')
})

test('a writer that has not seen the end for ten minutes lists before it writes', async () => {
  const bucket = openBucket()
  const one = await openInBucket(bucket)
  await one.write('/a', 'a')
  await one.write('/b', 'b')
  bucket.count()
  await one.write('/c', 'c')
  expect(bucket.count()).toEqual({ put: 1, all: 1 })
  bucket.clock.pass(11 * 60 * 1000)
  await one.write('/d', 'd')
  expect(bucket.count()).toEqual({ list: 1, put: 1, all: 2 })
})

test('a writer that slept while its next number came and went starts from a checkpoint', async () => {
  const bucket = openBucket()
  const [sleeper, other] = [await openInBucket(bucket), await openInBucket(bucket)]
  await sleeper.write('/a', 'a')
  await other.write('/b', 'b')
  await other.write('/c', 'c')
  const { writeCheckpoint } = await import('@nexus/core')
  await writeCheckpoint(other.engine)
  await writeCheckpoint(other.engine)
  await other.engine.journal.removeThrough(2)
  bucket.clock.pass(25 * 60 * 60 * 1000)
  await sleeper.write('/d', 'd')
  expect(await (await openInBucket(bucket)).text('/d')).toBe('d')
  expect(await sleeper.text('/c')).toBe('c')
  expect((await bucket.keys('journal/')).length).toBe(2)
})

test('a gap in the journal is damage, not its end', async () => {
  const bucket = openBucket()
  const one = await openInBucket(bucket)
  for (const name of ['a', 'b', 'c', 'd']) await one.write(`/${name}`, name)
  await bucket.store.delete([`journal/${'3'.padStart(20, '0')}`])
  await expect(openInBucket(bucket)).rejects.toMatchObject({ code: 'corrupt' })
})

test('a number in the journal is never given twice, whoever is asked', async () => {
  const bucket = openBucket()
  const repositories: BucketRepository[] = []
  for (let number = 0; number < 4; number++) repositories.push(await openInBucket(bucket, { freshnessMs: 2_000 }))
  await Promise.all(repositories.flatMap(({ write }, writer) => Array.from({ length: 10 }, (_, number) => write(`/${writer}-${number}`, 'x'))))
  const reader = await openInBucket(bucket)
  const names: string[] = []
  for await (const { name } of reader.backend.list(at('/'))) names.push(name)
  expect(names).toHaveLength(40)
  expect(reader.engine.position.sequence).toBe(40)
})

test('no group is put inside another one, though an index ends in the middle of it', async () => {
  const bucket = openBucket()
  const one = await openInBucket(bucket)
  await one.write('/first', 'makes the repository')
  await Promise.all(['a', 'b', 'c'].map((name) => one.write(`/${name}`, name)))
  expect(await bucket.keys('journal/')).toHaveLength(2)
  const { journal: mine } = await storesOf(bucket)
  await mine.readDescriptor()
  const [, second] = await one.engine.journal.newer({ sequence: 1, segment: 0, offset: 0 })
  const told: number[][] = []
  await mine.append(second!.end, (newer) => {
    told.push(newer.map(({ sequence }) => sequence))
    return []
  }, { durability: 'fsync' })
  expect(told).toEqual([[4]])
  // Numbered behind the middle: planned again with the rest, and refused when that changes nothing.
  const other = (await storesOf(bucket)).journal
  const record = one.engine.codec.encode({ sequence: 4, flags: 1, header: new TextEncoder().encode('{}'), contents: [] })
  await expect(other.append(second!.end, () => [record], { durability: 'fsync' })).rejects.toMatchObject({ code: 'unexpected' })
  expect(await bucket.keys('journal/')).toHaveLength(2)
})

test('two processes of one machine share an index, and neither puts its commits inside those of the other', async () => {
  const bucket = openBucket()
  const indexPath = indexFile()
  const [one, other] = [await openInBucket(bucket, { indexPath }), await openInBucket(bucket, { indexPath })]
  await Promise.all(Array.from({ length: 700 }, (_, number) => one.write(`/${number}`, 'x')))
  await Promise.all([one, other, one, other].flatMap(({ write }, writer) => Array.from({ length: 50 }, (_, number) => write(`/w${writer}-${number}`, 'x'))))
  const reader = await openInBucket(bucket)
  expect(reader.engine.position.sequence).toBe(900)
  expect(await fsck(reader.engine, { readData: true })).toMatchObject({ ok: true, commits: 900 })
})

test('a process that rested reads on where a shared index has gone meanwhile', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  onTestFinished(() => void vi.useRealTimers())
  const bucket = openBucket()
  const indexPath = indexFile()
  const [one, other] = [await openInBucket(bucket, { indexPath }), await openInBucket(bucket, { indexPath })]
  await one.write('/a', 'a')
  await one.write('/seen', 'seen')
  expect(await other.text('/seen')).toBe('seen')
  // Nobody asks it for a while: it lets go of the state of the index that it saw.
  vi.advanceTimersByTime(2_000)
  await one.backend.rename?.(at('/a'), at('/b'))
  await one.backend.rename?.(at('/b'), at('/c'))
  // History is asked of the index, which so catches up.
  for await (const { version } of one.backend.versions?.(at('/c')) ?? []) expect(version).toBeDefined()
  expect(await other.text('/c')).toBe('a')
  await other.write('/d', 'd')
  expect(await one.text('/d')).toBe('d')
})
