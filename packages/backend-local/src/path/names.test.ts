import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { at, bytes, entriesOf, failure, openTree, pathsOf, textOf } from '../../test/tree-fixture.ts'

const oddNames: readonly (readonly [string, Buffer])[] = [
  ['NFD', Buffer.from('u\u0308ber')],
  ['a control character', Buffer.from('line\nbreak')],
  ['no UTF-8', Buffer.from([0x66, 0xff, 0xfe])],
  ['U+FFFD', Buffer.from('\uFFFD')],
  ['a percent sign', Buffer.from('100%')],
  ['what looks like an escape', Buffer.from('%FF')],
  ['a backslash', Buffer.from('a\\b')],
  ['three dots', Buffer.from('...')],
  ['255 bytes', Buffer.from('n'.repeat(255))],
  ['255 bytes of control characters', Buffer.alloc(255, 1)],
  ['U+1F600', Buffer.from('\u{1F600}')],
]

describe('names of an existing tree', () => {
  it.each(oddNames)('a file whose name is %s can be listed, read, written and deleted', async (_what, raw) => {
    const { directory, backend } = await openTree()
    writeFileSync(Buffer.concat([Buffer.from(`${directory}/`), raw]), 'old')
    const [entry] = await entriesOf(backend, '/')
    const path = at(entry!.path)
    expect(await textOf(backend, path)).toBe('old')
    expect((await backend.stat(path)).sizeBytes).toBe(3)
    await backend.write(path, bytes('newer'))
    expect(readdirSync(directory, 'buffer').filter((name) => !name.toString().startsWith('.nexus'))).toEqual([raw])
    expect(await textOf(backend, path)).toBe('newer')
    await backend.delete(path)
    expect(await pathsOf(backend, '/')).toEqual([])
  })

  it.each(oddNames)('a directory whose name is %s can be walked and filled', async (_what, raw) => {
    const { directory, backend } = await openTree()
    const inside = Buffer.concat([Buffer.from(`${directory}/`), raw, Buffer.from('/')])
    mkdirSync(inside)
    writeFileSync(Buffer.concat([inside, raw]), 'old')
    const [, file] = await entriesOf(backend, '/', { recursive: true })
    expect(await textOf(backend, file!.path)).toBe('old')
    const [top] = await entriesOf(backend, '/')
    await backend.write(at(`${top!.path}/new`), bytes('new'))
    expect(readdirSync(inside)).toContain('new')
    await backend.delete(top!.path, { recursive: true })
    expect(await pathsOf(backend, '/')).toEqual([])
  })

  it.each(['/%2E%2E', '/%2E', '/%2E%2E/other', '/a%2Fb', '/%2F', '/%00', '/%_'])('%s leads nowhere', async (path) => {
    const { directory, backend } = await openTree()
    mkdirSync(join(directory, 'a'))
    await failure('invalid_path', backend.stat(at(path)))
    await failure('invalid_path', backend.write(at(path), bytes('x')))
    await failure('invalid_path', backend.delete(at(path), { recursive: true, force: true }))
    await failure('invalid_path', backend.rename!(at('/a'), at(path)))
  })

  it('keeps its own names hidden and refuses them', async () => {
    const { directory, backend } = await openTree()
    await backend.write(at('/docs/a'), bytes('x'), { metadata: { colour: 'red' } })
    writeFileSync(join(directory, 'docs', '.nexus-tmp-0-0-0'), '')
    mkdirSync(join(directory, 'docs', '.nexus-attributes'))
    expect(readdirSync(directory).sort()).toEqual(['.nexus-attributes', 'docs'])
    expect(await pathsOf(backend, '/', { recursive: true })).toEqual(['/docs/', '/docs/.nexus-attributes/', '/docs/a'])
    for (const path of ['/.nexus-attributes', '/.nexus-attributes/path', '/docs/.nexus-tmp-0-0-0']) {
      await failure('invalid_path', backend.stat(at(path)))
      await failure('invalid_path', backend.write(at(path), bytes('x')))
    }
  })
})
