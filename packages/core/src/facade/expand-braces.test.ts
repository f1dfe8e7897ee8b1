import { expect, it } from 'vitest'
import { isNexusError } from '../contract/errors.ts'
import { expandBraces } from './expand-braces.ts'

it.each([
  ['a', ['a']],
  ['a{b,c}d', ['abd', 'acd']],
  ['{a,b}{c,d}', ['ac', 'ad', 'bc', 'bd']],
  ['a{b,c{d,e}}', ['ab', 'acd', 'ace']],
  ['{src,test/unit}/**', ['src/**', 'test/unit/**']],
  ['{1..3}', ['1', '2', '3']],
  ['{3..1}', ['3', '2', '1']],
  ['{08..10}', ['08', '09', '10']],
  ['{-1..1}', ['-1', '0', '1']],
  ['{a..c}', ['a', 'b', 'c']],
  ['a{,b}', ['a', 'ab']],
  ['{a}', ['{a}']],
  ['{a,b', ['{a,b']],
  ['a}b', ['a}b']],
  ['\\{a,b}', ['\\{a,b}']],
  ['[{a,b}]', ['[{a,b}]']],
  ['{[,],b}', ['[,]', 'b']],
])('%s stands for %j', (pattern, expected) => {
  expect(expandBraces(pattern)).toEqual(expected)
})

it.each(['{1..1001}', '{1..10}{1..10}{1..11}', '{1..999999999}'])('%s stands for too many alternatives', (pattern) => {
  expect(() => expandBraces(pattern)).toThrow(expect.toSatisfy((error: unknown) => isNexusError(error, 'invalid_argument')))
})
