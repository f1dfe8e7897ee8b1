import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { at, bytes, failure, makeDirectory, openTree, textOf } from '../../test/tree-fixture.ts'

const mounted: string[] = []
afterEach(() => mounted.splice(0).forEach((place) => spawnSync('umount', ['-l', place])))

/** A filesystem of one mebibyte; only root can make one. */
function mountSmall(place: string): boolean {
  if (process.platform !== 'linux' || spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', place]).status !== 0) return false
  mounted.push(place)
  return true
}

function canMount(): boolean {
  const place = makeDirectory()
  const result = mountSmall(place)
  mounted.splice(0).forEach((one) => spawnSync('umount', ['-l', one]))
  rmSync(place, { recursive: true, force: true })
  return result
}

describe.skipIf(!canMount())('a filesystem of its own (needs root)', () => {
  it('that is full refuses writes, appends and copies whole, and takes them again when it is freed', async () => {
    const directory = makeDirectory()
    mountSmall(directory)
    const { backend } = await openTree({ directory, durability: 'fsync' })
    await backend.write(at('/log'), bytes('old'))
    await backend.write(at('/ballast'), new Uint8Array(700_000))
    const large = new Uint8Array(600_000)
    await failure('no_space', backend.write(at('/large'), large))
    await failure('no_space', backend.write(at('/log'), new Blob([large]).stream()))
    await failure('no_space', backend.append!(at('/log'), large))
    await failure('no_space', backend.append!(at('/log'), new Blob([large]).stream()))
    await failure('no_space', backend.copy!(at('/ballast'), at('/copy')))
    expect(await textOf(backend, '/log')).toBe('old')
    expect(readdirSync(directory).sort()).toEqual(['.nexus-attributes', 'ballast', 'log'])
    await backend.delete(at('/ballast'))
    await backend.append!(at('/log'), large)
    expect((await backend.stat(at('/log'))).sizeBytes).toBe(600_003)
  })

  it('inside the tree is written to and copied to; a rename across is refused, and nothing is lost', async () => {
    const { directory, backend } = await openTree()
    mkdirSync(join(directory, 'other'))
    mountSmall(join(directory, 'other'))
    await backend.write(at('/other/deep/a'), bytes('a'))
    await backend.write(at('/b'), bytes('b'), { metadata: { colour: 'red' } })
    expect((await failure('unsupported', backend.rename!(at('/b'), at('/other/b')))).reason).toContain('different filesystems')
    expect((await backend.copy!(at('/b'), at('/other/new/b'))).metadata).toEqual({ colour: 'red' })
    await backend.delete(at('/other/deep'), { recursive: true })
    expect(await textOf(backend, '/b')).toBe('b')
  })
})
