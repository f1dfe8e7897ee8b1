import { openMemory } from '@nexus/backend-memory'
import { createSlimNexusFS, type GrepOptions, type Match, NexusError, type SlimNexusFS } from '@nexus/core'
import { describe, expect, it } from 'vitest'
import { bytes, fails } from './kernel-support.ts'

async function filesystem(files: Readonly<Record<string, string | Uint8Array>>): Promise<SlimNexusFS> {
  const fs = createSlimNexusFS(openMemory())
  for (const [path, body] of Object.entries(files)) await fs.write(path, body)
  return fs
}

async function matches(found: AsyncIterable<Match>): Promise<string[]> {
  const lines: string[] = []
  for await (const { path, line, column, text } of found) lines.push(`${path}:${line}:${column}:${text}`)
  return lines
}

const tree = { '/a.txt': 'one\ntwo\r\nthree two', '/b/c.ts': 'const two = 2\n', '/b/d.md': 'Two', '/z.bin': Uint8Array.of(116, 119, 111, 0) }

describe('what is found', () => {
  const cases: [string, GrepOptions, string[]][] = [
    ['two', {}, ['/a.txt:2:1:two', '/a.txt:3:7:three two', '/b/c.ts:1:7:const two = 2']],
    ['^two$', {}, ['/a.txt:2:1:two']],
    ['TWO', { ignoreCase: true, path: '/b' }, ['/b/c.ts:1:7:const two = 2', '/b/d.md:1:1:Two']],
    ['two', { path: '/a.txt', limit: 1 }, ['/a.txt:2:1:two']],
    ['two', { limit: 0 }, []],
    ['two', { glob: '*.ts' }, ['/b/c.ts:1:7:const two = 2']],
    ['(?i)two', { glob: ['*', '!*.ts', '!a*'] }, ['/b/d.md:1:1:Two']],
    ['(?i)two', { glob: 'b/*' }, ['/b/c.ts:1:7:const two = 2', '/b/d.md:1:1:Two']],
    ['(?i)two', { glob: '*.ts', path: '/b' }, ['/b/c.ts:1:7:const two = 2']],
    ['two', { maxLineBytes: 6 }, ['/a.txt:2:1:two']],
    ['nothing', {}, []],
  ]
  it.each(cases)('%s %j', async (pattern, options, expected) => {
    expect(await matches((await filesystem(tree)).grep(pattern, options))).toEqual(expected)
  })

  it('in large files that are streamed, beside small ones, in order', async () => {
    const filler = 'x'.repeat(99).concat('\n').repeat(30_000)
    const fs = await filesystem({ '/1': 'needle', '/2': `${filler}needle\n${filler}needle`, '/3': 'needle', '/4': `${filler}\0needle` })
    expect((await matches(fs.grep('needle'))).map((line) => line.slice(0, 10))).toEqual(['/1:1:1:nee', '/2:30001:1', '/2:60002:1', '/3:1:1:nee', '/4:30001:2'])
  })
})

describe('the engine', () => {
  it('takes time linear in the text where a backtracking one never ends', async () => {
    const fs = await filesystem({ '/a': `${'a'.repeat(50_000)}!` })
    for (const pattern of ['(a+)+$', '(a|aa)+$', '(a|a)*b', '(.*)*(.*)*x$']) expect(await matches(fs.grep(pattern))).toEqual([])
    expect(await matches(fs.grep('(a+)+!$'))).toHaveLength(1)
  })

  it.each(['(', '(?=a)', '\\1', 'a**'])('refuses %s, which is no RE2 expression', async (pattern) => {
    await fails(matches((await filesystem({})).grep(pattern)), 'invalid_argument')
  })
})

describe('what fails', () => {
  it('a path that is absent, a negative limit', async () => {
    const fs = await filesystem(tree)
    await fails(matches(fs.grep('x', { path: '/nope' })), 'not_found')
    await fails(matches(fs.grep('x', { limit: -1 })), 'invalid_argument')
    await fails(matches(fs.grep('x', { maxLineBytes: 0.5 })), 'invalid_argument')
  })

  it('a file that cannot be read; but not one that vanished, nor a link', async () => {
    const memory = openMemory()
    const failing = (code: 'corrupt' | 'not_found'): SlimNexusFS =>
      createSlimNexusFS({ ...memory, read: (path, options) => (path === '/b' ? Promise.reject(new NexusError(code, { path })) : memory.read(path, options)) })
    for (const path of ['/a', '/b', '/c'] as const) await failing('not_found').write(path, 'x')
    await fails(matches(failing('corrupt').grep('x')), 'corrupt')
    expect(await matches(failing('not_found').grep('x'))).toEqual(['/a:1:1:x', '/c:1:1:x'])
    await failing('not_found').write('/b', 'x', { metadata: { symlink: '../outside' } })
    expect(await matches(failing('corrupt').grep('x'))).toEqual(['/a:1:1:x', '/c:1:1:x'])
  })

  it('an aborted search', async () => {
    const fs = await filesystem(tree)
    const controller = new AbortController()
    const reason = new Error('enough')
    const searching = (async () => {
      for await (const match of fs.grep('two', { signal: controller.signal })) controller.abort(Object.assign(reason, { after: match.path }))
    })()
    await expect(searching).rejects.toBe(reason)
  })
})

it('reads no further once the loop is left', async () => {
  const memory = openMemory()
  let opened = 0
  const fs = createSlimNexusFS({ ...memory, read: (path, options) => (opened++, memory.read(path, options)) })
  for (let index = 0; index < 100; index++) await memory.write((await fs.write(`/${index}`, '')).path, bytes('x'))
  for await (const match of fs.grep('x')) {
    expect(match.path).toBe('/0')
    break
  }
  expect(opened).toBeLessThan(20)
})
