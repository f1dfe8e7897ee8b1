import { expect, it } from 'vitest'
import { createKnownDirectories, type KnownDirectories } from '../src/tree/known-directories.ts'

const open = (): KnownDirectories => createKnownDirectories({ freshnessMs: 1000, now: () => 0 })
const holding = (prefix: string, count: number) => () =>
  Promise.resolve({ below: new Set<string>(), files: new Set(Array.from({ length: count }, (_, index) => `${prefix}${index}`)), isComplete: true })

it('forgets the oldest of more than 1,000 directories', async () => {
  const known = open()
  for (let index = 0; index <= 1000; index++) await known.look(`${index}/`, holding(`${index}/`, 1))
  expect([known.find('0/'), known.find('1/')?.files.size, known.find('1000/')?.files.size]).toEqual([undefined, 1, 1])
})

it('forgets the oldest of more than 100,000 names, whether they were seen or made', async () => {
  const known = open()
  await known.look('a/', holding('a/', 60_000))
  await known.look('b/', holding('b/', 60_000))
  expect([known.find('a/'), known.find('b/')?.files.size]).toEqual([undefined, 60_000])
  for (let index = 0; index <= 100_000; index++) known.enter('b/', `b/made-${index}`)
  expect(known.find('b/')).toBeUndefined()
})

it('believes nothing of a directory longer than of the one in which it was new', async () => {
  let time = 0
  const known = createKnownDirectories({ freshnessMs: 1000, now: () => time })
  await known.look('', holding('', 1))
  time = 900
  known.enter('new/', 'new/file')
  expect(known.find('new/')?.files).toEqual(new Set(['new/file']))
  time = 1000
  expect([known.find('new/'), known.find('')]).toEqual([undefined, undefined])
})
