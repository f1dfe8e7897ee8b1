import { expect, it } from 'vitest'
import { didYouMean, nearest } from './nearest.ts'

it.each([
  ['priorty', 'priority'],
  ['Layout', 'layout'],
  ['freshness', 'freshnessMs'],
  ['read_only', 'readonly'],
  ['s4', 's3'],
  ['fresh', 'freshnessMs'],
  ['layouts-of-storage', 'layout'],
  ['zzzz', undefined],
  ['ab', undefined],
])('nearest to %s is %s', (word, expected) => {
  expect(nearest(word, ['layout', 'freshnessMs', 'priority', 'readonly', 's3'])).toBe(expected)
})

it('names nothing when nothing is near', () => {
  expect(didYouMean('priorty', ['priority'])).toBe(' Did you mean "priority"?')
  expect(didYouMean('elephant', ['priority'])).toBe('')
})
