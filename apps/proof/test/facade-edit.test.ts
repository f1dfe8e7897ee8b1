import { openMemory } from '@nexus/backend-memory'
import { createSlimNexusFS, type Path, type SlimNexusFS, type TextEdit } from '@nexus/core'
import { beforeEach, describe, expect, it } from 'vitest'
import { bytes, fails } from './kernel-support.ts'

let fs: SlimNexusFS
beforeEach(async () => {
  fs = createSlimNexusFS(openMemory())
  await fs.write('/a', 'one\ntwo\nthree\ntwo\n', { contentType: 'text/x', metadata: { mode: '755' } })
})

it('replaces exact text, and keeps content type and metadata', async () => {
  const { stat, diff } = await fs.edit('/a', [{ oldText: 'three', newText: '$& 3' }])
  expect(await fs.readText('/a')).toBe('one\ntwo\n$& 3\ntwo\n')
  expect(stat).toMatchObject({ contentType: 'text/x', metadata: { mode: '755' }, etag: (await fs.stat('/a')).etag })
  expect(diff).toBe('--- /a\n+++ /a\n@@ -1,4 +1,4 @@\n one\n two\n-three\n+$& 3\n two\n')
})

it('applies edits in order, each to what the one before left', async () => {
  await fs.edit('/a', [{ oldText: 'one', newText: 'uno' }, { oldText: 'uno\n', newText: '' }, { oldText: 'two', newText: '2', all: true }])
  expect(await fs.readText('/a')).toBe('2\nthree\n2\n')
})

it('keeps a byte order mark and line ends', async () => {
  await fs.write('/b', '\uFEFFa\r\nb\r\n')
  await fs.edit('/b', [{ oldText: 'b', newText: 'c' }])
  expect(await fs.read('/b')).toEqual(bytes('\uFEFFa\r\nc\r\n'))
})

it('writes nothing for a dry run, and nothing where nothing changes', async () => {
  const before = await fs.stat('/a')
  const dry = await fs.edit('/a', [{ oldText: 'one', newText: '1' }], { dryRun: true })
  expect([dry.stat, dry.diff.includes('+1')]).toEqual([undefined, true])
  const same = await fs.edit('/a', [{ oldText: 'one', newText: 'one' }])
  expect([same.stat?.etag, same.diff]).toEqual([before.etag, ''])
  expect((await fs.stat('/a')).etag).toBe(before.etag)
})

describe('refuses', () => {
  it.each<[string, TextEdit[]]>([
    ['text that does not occur', [{ oldText: 'four', newText: '' }]],
    ['text that occurs twice', [{ oldText: 'two', newText: '' }]],
    ['empty text', [{ oldText: '', newText: 'x' }]],
    ['text that is none', [{ oldText: 'one', newText: 1 as unknown as string }]],
    ['a second edit of text that the first took away', [{ oldText: 'one', newText: '' }, { oldText: 'one', newText: '' }]],
    ['all of what does not occur', [{ oldText: 'four', newText: '', all: true }]],
  ])('%s, and changes nothing', async (_, edits) => {
    const before = await fs.stat('/a')
    await fails(fs.edit('/a', edits), 'invalid_argument')
    expect((await fs.stat('/a')).etag).toBe(before.etag)
  })

  it('a file that is no UTF-8, too large, absent or a directory', async () => {
    await fs.write('/binary', Uint8Array.of(0xff, 0xfe))
    await fs.write('/large', new Uint8Array(16 * 1024 * 1024 + 1))
    await fs.mkdir('/d')
    await fails(fs.edit('/binary', [{ oldText: 'a', newText: 'b' }]), 'invalid_argument')
    await fails(fs.edit('/large', [{ oldText: 'a', newText: 'b' }]), 'invalid_argument')
    await fails(fs.edit('/nope', [{ oldText: 'a', newText: 'b' }]), 'not_found')
    await fails(fs.edit('/d', [{ oldText: 'a', newText: 'b' }]), 'is_directory')
  })

  it('another etag than the one that was asked for', async () => {
    await fails(fs.edit('/a', [{ oldText: 'one', newText: '1' }], { ifMatch: 'other' }), 'precondition_failed')
  })
})

it('loses nothing that somebody else writes between reading and writing', async () => {
  const memory = openMemory()
  const racing = createSlimNexusFS({
    ...memory,
    read: async (path: Path, options) => {
      const content = await memory.read(path, options)
      await memory.write(path, bytes('from somebody else'))
      return content
    },
  })
  await racing.write('/a', 'mine')
  await fails(racing.edit('/a', [{ oldText: 'mine', newText: 'edited' }]), 'precondition_failed')
  expect(await createSlimNexusFS(memory).readText('/a')).toBe('from somebody else')
})

it('two edits at once: both take effect, or one is told', async () => {
  const results = await Promise.allSettled([fs.edit('/a', [{ oldText: 'one', newText: '1' }]), fs.edit('/a', [{ oldText: 'three', newText: '3' }])])
  const text = await fs.readText('/a')
  expect(text.includes('1')).toBe(results[0].status === 'fulfilled')
  expect(text.includes('3')).toBe(results[1].status === 'fulfilled')
})
