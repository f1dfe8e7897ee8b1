import { parseUri } from '@nexus/core/contract'
import { describe, expect, it } from 'vitest'
import { fromUri, parseMemoryConfig } from './config.ts'

describe('parseMemoryConfig', () => {
  it('takes what a URI says', () => {
    expect(parseMemoryConfig(fromUri(parseUri('memory://scratch?maxSizeBytes=1000')))).toEqual({ name: 'scratch', maxSizeBytes: 1000 })
    expect(parseMemoryConfig(fromUri(parseUri('memory://scratch/below')))).toEqual({ name: 'scratch/below', maxSizeBytes: 1024 ** 3 })
  })

  it('has a default for everything', () => {
    expect(parseMemoryConfig({})).toEqual({ name: 'memory', maxSizeBytes: 1024 ** 3 })
  })

  it.each([
    ['no object', 'text', 'is an object'],
    ['null', null, 'is an object'],
    ['a list', [], 'is an object'],
    ['an unknown key', { maxSize: 1 }, '"maxSize"'],
    ['a negative size', { maxSizeBytes: -1 }, '"maxSizeBytes"'],
    ['a fractional size', { maxSizeBytes: 1.5 }, '"maxSizeBytes"'],
    ['a size in words', { maxSizeBytes: '1 GB' }, '"maxSizeBytes"'],
    ['an empty name', { name: '' }, '"name"'],
    ['a number as name', { name: 1 }, '"name"'],
  ])('refuses %s and says what is wrong', (_what, input, said) => {
    expect(() => parseMemoryConfig(input)).toThrow(
      expect.objectContaining({ code: 'invalid_config', message: expect.stringContaining(said) as string }),
    )
  })
})
