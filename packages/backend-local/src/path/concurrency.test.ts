import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isNexusError } from '@nexus/core/contract'
import { describe, expect, it } from 'vitest'
import { at, bytes, failure, openTree, pathsOf, textOf } from '../../test/tree-fixture.ts'

const expected = ['not_found', 'busy', 'not_empty']

async function settle(calls: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(calls)) {
    if (result.status === 'rejected' && !(isNexusError(result.reason) && expected.includes(result.reason.code))) throw result.reason
  }
}

describe('many at once', () => {
  it('a tree that is written into while it is deleted ends whole or gone, without leftovers', async () => {
    const { directory, backend } = await openTree({ durability: 'fsync' })
    for (let round = 0; round < 20; round++) {
      await Promise.all([0, 1, 2].map((index) => backend.write(at(`/tree/${index}/deep/file`), bytes('x'))))
      const writes = [3, 4, 5].map((index) => backend.write(at(`/tree/${index % 3}/deep/new-${index}`), bytes(`new-${index}`)))
      await settle([backend.delete(at('/tree'), { recursive: true }), ...writes])
      for (const path of await pathsOf(backend, '/', { recursive: true })) if (path.includes('/new-')) expect(path.endsWith(await textOf(backend, path))).toBe(true)
    }
    await backend.delete(at('/tree'), { recursive: true, force: true })
    expect(readdirSync(directory)).toEqual(['.nexus-attributes'])
  })

  it('two deletions of one tree both end', async () => {
    const { backend } = await openTree()
    for (let index = 0; index < 50; index++) await backend.write(at(`/tree/${index % 5}/${index}`), bytes('x'))
    await settle([backend.delete(at('/tree'), { recursive: true }), backend.delete(at('/tree'), { recursive: true })])
    expect(await pathsOf(backend, '/')).toEqual([])
  })

  it('a reader beside a writer sees whole contents only', async () => {
    const { directory, backend } = await openTree()
    const contents = [bytes('a'.repeat(100_000)), bytes('b'.repeat(200_000))]
    await backend.write(at('/a'), contents[0]!)
    const writing = (async () => { for (let round = 0; round < 60; round++) await backend.write(at('/a'), contents[round % 2]!) })()
    for (let round = 0; round < 60; round++) {
      const text = round % 2 === 0 ? await textOf(backend, '/a') : readFileSync(join(directory, 'a'), 'utf8')
      expect(/^(?:a{100000}|b{200000})$/.test(text)).toBe(true)
      await Promise.resolve()
    }
    await writing
  })

  it('no append is lost, over two mounts', async () => {
    const { directory, backend } = await openTree()
    const { backend: other } = await openTree({ directory })
    const lines = Array.from({ length: 60 }, (_, index) => `line ${index}\n`)
    const bodyOf = (line: string, index: number): Uint8Array | ReadableStream<Uint8Array> => (index % 3 === 0 ? new Blob([line]).stream() : bytes(line))
    await Promise.all(lines.map((line, index) => (index % 2 === 0 ? backend : other).append!(at('/log'), bodyOf(line, index))))
    expect((await textOf(backend, '/log')).split('\n').sort().join('')).toBe(lines.map((line) => line.trim()).sort().join(''))
  })

  it('an append to a file that is moved meanwhile is in one place', async () => {
    const { backend } = await openTree({ durability: 'fsync' })
    for (let round = 0; round < 10; round++) {
      await backend.write(at('/log'), bytes('old '))
      await settle([backend.append!(at('/log'), bytes('line')), backend.rename!(at('/log'), at('/rotated'))])
      const texts = await Promise.all((await pathsOf(backend, '/')).map((path) => textOf(backend, path)))
      expect(texts.join('').split('line')).toHaveLength(2)
      for (const path of await pathsOf(backend, '/')) await backend.delete(at(path))
    }
  })

  it('an append whose stream breaks off appends nothing', async () => {
    const { directory, backend } = await openTree()
    await backend.write(at('/log'), bytes('old'))
    let pulls = 0
    const broken = new ReadableStream<Uint8Array>({ pull: (body) => (pulls++ < 3 ? body.enqueue(new Uint8Array(600_000)) : body.error(new Error('network'))) })
    await failure('unexpected', backend.append!(at('/log'), broken))
    expect(await textOf(backend, '/log')).toBe('old')
    expect(readdirSync(directory).sort()).toEqual(['.nexus-attributes', 'log'])
  })

  it('closing waits for what is under way', async () => {
    const { directory, backend } = await openTree({ durability: 'fsync' })
    const writes = Array.from({ length: 10 }, (_, index) => backend.write(at(`/deep/${index}`), bytes('x')))
    await backend.close()
    await Promise.all(writes)
    expect(readdirSync(join(directory, 'deep'))).toHaveLength(10)
    await failure('unavailable', backend.write(at('/late'), bytes('x')))
  })
})

describe('a root', () => {
  it('that is removed and made again by somebody else is found again', async () => {
    const { directory, backend } = await openTree()
    await backend.write(at('/a'), bytes('old'), { metadata: { colour: 'red' } })
    rmSync(directory, { recursive: true })
    await failure('not_found', backend.stat(at('/a')))
    mkdirSync(directory)
    writeFileSync(join(directory, 'a'), 'new')
    expect(await textOf(backend, '/a')).toBe('new')
    await backend.setMetadata!(at('/a'), { colour: 'blue' })
    expect((await backend.stat(at('/a'))).metadata).toEqual({ colour: 'blue' })
  })

  it('that is moved away stays the one that was opened', async () => {
    const { directory, backend } = await openTree()
    await backend.write(at('/a'), bytes('x'))
    renameSync(directory, `${directory}-moved`)
    try {
      expect(await textOf(backend, '/a')).toBe('x')
    } finally {
      renameSync(`${directory}-moved`, directory)
    }
  })
})
