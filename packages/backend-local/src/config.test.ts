import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { isNexusError, parseUri } from '@nexus/core/contract'
import { describe, expect, it } from 'vitest'
import { localFromUri, parseLocalConfig } from './config.ts'

function reasonFor(input: unknown): string {
  try {
    parseLocalConfig(input)
  } catch (error) {
    if (isNexusError(error, 'invalid_config')) return error.reason
    throw error
  }
  throw new Error('It was accepted.')
}

describe('parseLocalConfig', () => {
  it.each([
    ['local://./data', resolve('data')],
    ['local:///srv/data', '/srv/data'],
    ['local://~/data', join(homedir(), 'data')],
    ['local://.', resolve('.')],
    ['local:///srv/a%20b', '/srv/a b'],
  ])('reads the directory of %s', (uri, dataDir) => {
    expect(parseLocalConfig(localFromUri(parseUri(uri)))).toEqual({ dataDir, durability: 'fsync' })
  })

  it('takes the durability from the query', () => {
    expect(parseLocalConfig(localFromUri(parseUri('local://./data?durability=os'))).durability).toBe('os')
  })

  it('names the nearest key for an unknown one', () => {
    expect(reasonFor({ dataDir: '/x', durabilty: 'os' })).toContain('"durabilty" of a local mount; did you mean "durability"?')
    expect(reasonFor({ datadir: '/x' })).toContain('did you mean "dataDir"?')
  })

  it.each([
    [undefined, 'not missing'],
    [null, 'not null'],
    [['/x'], 'not a list'],
    [{}, '"dataDir" is a path'],
    [{ dataDir: 7 }, 'not a value of type number'],
    [{ dataDir: '' }, '"dataDir" is empty'],
    [{ dataDir: 'a\0b' }, 'NUL'],
    [{ dataDir: '/x', durability: 'sync' }, '"durability" is "fsync" or "os", not "sync"'],
  ])('refuses %j', (input, reason) => {
    expect(reasonFor(input)).toContain(reason)
  })
})
