import { copyFileSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { at, bytes, failure, makeDirectory, openTree } from '../../test/tree-fixture.ts'
import { openAttributes } from './attributes.ts'
import { openRoot } from './root.ts'
import { createTemporaries } from './temporaries.ts'

const red = { contentType: 'text/plain', metadata: { colour: 'red' } }

function attributeFiles(directory: string): string[] {
  const files = join(directory, '.nexus-attributes/files')
  return existsSync(files) ? readdirSync(files) : []
}

describe('attributes', () => {
  it('stand beside the data, are there again after reopening and change the etag', async () => {
    const { directory, backend } = await openTree()
    const { etag } = await backend.write(at('/a'), bytes('x'), red)
    await backend.close()
    const { backend: again } = await openTree({ directory })
    expect(await again.stat(at('/a'))).toMatchObject({ ...red, etag })
    expect((await again.setMetadata!(at('/a'), { colour: 'blue' })).etag).not.toBe(etag)
  })

  it('go along when a file or a directory above it moves, whoever moves it', async () => {
    const { directory, backend } = await openTree()
    await backend.write(at('/docs/a'), bytes('x'), red)
    await backend.rename!(at('/docs/a'), at('/docs/b'))
    await backend.rename!(at('/docs'), at('/moved'))
    renameSync(join(directory, 'moved/b'), join(directory, 'c'))
    expect(await backend.stat(at('/c'))).toMatchObject(red)
  })

  it('are copied, and each copy has its own', async () => {
    const { backend } = await openTree()
    await backend.write(at('/a'), bytes('x'), red)
    await backend.copy!(at('/a'), at('/b'))
    await backend.setMetadata!(at('/b'), { colour: 'blue' })
    expect((await backend.stat(at('/a'))).metadata).toEqual({ colour: 'red' })
    expect((await backend.stat(at('/b'))).metadata).toEqual({ colour: 'blue' })
  })

  it('die with their file: deleted, deleted with its tree, replaced, renamed over', async () => {
    const { directory, backend } = await openTree()
    for (const path of ['/gone', '/tree/deep/gone', '/replaced', '/over']) await backend.write(at(path), bytes('x'), red)
    expect(attributeFiles(directory)).toHaveLength(4)
    await backend.delete(at('/gone'))
    await backend.delete(at('/tree'), { recursive: true })
    await backend.write(at('/replaced'), bytes('y'))
    await backend.rename!(at('/replaced'), at('/over'))
    expect(attributeFiles(directory)).toEqual([])
    expect((await backend.stat(at('/over'))).metadata).toEqual({})
  })

  it('are not inherited by what a stranger puts in the place of the file', async () => {
    const { directory, backend } = await openTree()
    await backend.write(at('/a'), bytes('x'), red)
    copyFileSync(join(directory, 'a'), join(directory, 'other'))
    unlinkSync(join(directory, 'a'))
    renameSync(join(directory, 'other'), join(directory, 'a'))
    const { metadata, contentType } = await backend.stat(at('/a'))
    expect({ metadata, contentType }).toEqual({ metadata: {}, contentType: undefined })
  })

  it('are not inherited through an inode that is used again', async () => {
    const { directory, backend } = await openTree()
    await backend.write(at('/a'), bytes('x'), red)
    const root = openRoot(directory, 'os')
    const attributes = openAttributes(root, 'os', createTemporaries({ now: Date.now, random: (array) => array }))
    const stats = lstatSync(join(directory, 'a'), { bigint: true })
    expect(attributes.find(stats)).toMatchObject(red)
    expect(attributes.find({ ...stats, birthtimeNs: stats.birthtimeNs + 1n })).toBeUndefined()
    attributes.close()
    root.close()
  })

  it('stay when a stranger writes into the file', async () => {
    const { directory, backend } = await openTree()
    await backend.write(at('/a'), bytes('x'), red)
    writeFileSync(join(directory, 'a'), 'longer')
    expect(await backend.stat(at('/a'))).toMatchObject({ ...red, sizeBytes: 6 })
  })

  it('of one file changed by many at once are all kept', async () => {
    const { directory, backend } = await openTree()
    const { backend: other } = await openTree({ directory })
    await backend.write(at('/a'), bytes('x'))
    const names = Array.from({ length: 20 }, (_, index) => `name-${index}`)
    await Promise.all(names.map((name, index) => (index % 2 === 0 ? backend : other).setMetadata!(at('/a'), { [name]: 'x' })))
    expect(Object.keys((await backend.stat(at('/a'))).metadata).sort()).toEqual(names.sort())
  })

  it('that are damaged are told, and deleting or replacing the file heals it', async () => {
    const { directory, backend } = await openTree()
    for (const path of ['/a', '/b']) await backend.write(at(path), bytes('x'), red)
    for (const name of attributeFiles(directory)) writeFileSync(join(directory, '.nexus-attributes/files', name), '{"metadata":')
    expect((await failure('corrupt', backend.stat(at('/a')))).reason).toContain('.nexus-attributes/files/')
    await backend.delete(at('/a'))
    await backend.write(at('/b'), bytes('y'), red)
    expect(await backend.stat(at('/b'))).toMatchObject(red)
  })

  it('are not looked for behind a link', async () => {
    const outside = makeDirectory()
    mkdirSync(join(outside, 'files'))
    const { directory, backend } = await openTree()
    writeFileSync(join(directory, 'a'), 'x')
    symlinkSync(outside, join(directory, '.nexus-attributes'))
    await failure('unsupported', backend.write(at('/b'), bytes('x'), red))
    expect(readdirSync(join(outside, 'files'))).toEqual([])
    expect(readdirSync(outside)).toEqual(['files'])
  })
})

describe('mode', () => {
  it('is told of executable files only, and kept by copies', async () => {
    const { directory, backend } = await openTree()
    writeFileSync(join(directory, 'plain'), 'x', { mode: 0o644 })
    writeFileSync(join(directory, 'tool'), 'x', { mode: 0o755 })
    expect((await backend.stat(at('/plain'))).metadata).toEqual({})
    expect((await backend.stat(at('/tool'))).metadata).toEqual({ mode: '755' })
    expect((await backend.copy!(at('/tool'), at('/copy'))).metadata).toEqual({ mode: '755' })
    expect(statSync(join(directory, 'copy')).mode & 0o777).toBe(0o755)
  })

  it('is set by writing it, and taken away again', async () => {
    const { directory, backend } = await openTree()
    await backend.write(at('/tool'), bytes('x'), { metadata: { mode: '755', colour: 'red' } })
    expect(statSync(join(directory, 'tool')).mode & 0o777).toBe(0o755)
    expect((await backend.setMetadata!(at('/tool'), { mode: null })).metadata).toEqual({ colour: 'red' })
    expect(statSync(join(directory, 'tool')).mode & 0o111).toBe(0)
    expect((await backend.setMetadata!(at('/tool'), { mode: '700' })).metadata).toEqual({ colour: 'red', mode: '700' })
  })

  it.each(['x', '7777', '9', '4755'])('%s is refused', async (mode) => {
    const { directory, backend } = await openTree()
    await failure('invalid_argument', backend.write(at('/a'), bytes('x'), { metadata: { mode } }))
    await failure('invalid_argument', backend.write(at('/a'), bytes('x'), { metadata: { symlink: '/etc/passwd' } }))
    expect(readdirSync(directory)).toEqual([])
  })
})

it('the first write leaves the marker of the layout', async () => {
  const { directory, backend } = await openTree()
  await backend.stat(at('/'))
  expect(readdirSync(directory)).toEqual([])
  await backend.write(at('/a'), bytes('x'))
  expect(readFileSync(join(directory, '.nexus-attributes/path'), 'utf8')).toContain('layout "path"')
})
