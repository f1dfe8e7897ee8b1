import { expect, it } from 'vitest'
import { segmentMatcher } from './segment-matcher.ts'

it.each([
  ['*', ['a', 'a.b'], ['.a']],
  ['.*', ['.a'], ['a']],
  ['*.ts', ['a.ts', 'a.b.ts'], ['.ts', 'a.tsx', 'ats']],
  ['a*b*c', ['abc', 'aXbXc', 'abbcbc'], ['ab', 'abcd', 'cba']],
  ['a?c', ['abc', 'aéc', 'a😀c'], ['ac', 'abbc']],
  ['[a-c]x', ['ax', 'cx'], ['dx', 'x']],
  ['[!a-c]x', ['dx'], ['ax', '.x']],
  ['[^a]', ['b'], ['a']],
  ['[]a]', [']', 'a'], ['b']],
  ['[[:digit:]]*', ['1', '1a'], ['a1']],
  ['[a', ['[a'], ['a']],
  ['\\*', ['*'], ['a', '\\*']],
  ['a\\[b]', ['a[b]'], ['ab']],
  ['a\\.md', ['a.md'], ['a\\.md']],
  ['@(a|b).ts', ['a.ts', 'b.ts'], ['c.ts', 'ab.ts']],
  ['+(ab)', ['ab', 'abab'], ['', 'aba']],
  ['!(a).ts', ['b.ts'], ['a.ts', '.b.ts']],
  ['?(a)b', ['b', 'ab'], ['aab']],
  ['a+b', ['a+b'], ['aab']],
  ['(a)', ['(a)'], ['a']],
])('%s matches %j and not %j', async (segment, matching, others) => {
  const matches = await segmentMatcher(segment, { dot: false })
  expect(matching.filter((name) => !matches(name))).toEqual([])
  expect(others.filter((name) => matches(name))).toEqual([])
})

it('matches hidden names when asked', async () => {
  expect((await segmentMatcher('*a', { dot: true }))('.a')).toBe(true)
  expect((await segmentMatcher('!(b)', { dot: true }))('.a')).toBe(true)
})

it('answers at once where a backtracking matcher would not in a lifetime', async () => {
  const matches = await segmentMatcher(`${'*a'.repeat(60)}b`, { dot: true })
  expect(matches('a'.repeat(255))).toBe(false)
  expect(matches(`${'a'.repeat(254)}b`)).toBe(true)
})

it('refuses an extended pattern with many stars, which could take for ever', async () => {
  await expect(segmentMatcher('@(a)*a*a*a*b', { dot: true })).rejects.toMatchObject({ code: 'invalid_argument' })
})
