import { openMemory } from '@nexus/backend-memory'
import { type Backend, createSlimNexusFS, type Path, type SlimNexusFS } from '@nexus/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { fails, kernelWith, names } from './kernel-support.ts'

const files = ['/README.md', '/src/a.ts', '/src/a.test.ts', '/src/deep/er/b.ts', '/src/deep/c.js', '/test/unit/d.ts', '/.git/config', '/.git/objects/x.ts', '/node_modules/m/e.ts', '/data/2024/07.csv', '/data/2025/01.csv']

/** A tree in memory, and the directories that were listed. */
async function tree(): Promise<{ fs: SlimNexusFS; listed: string[] }> {
  const memory = openMemory()
  const listed: string[] = []
  const backend: Backend = { ...memory, list: (path: Path, options) => (listed.push(`${path}${options?.recursive === true ? ' recursive' : ''}`), memory.list(path, options)) }
  const fs = createSlimNexusFS(backend)
  for (const file of files) await fs.write(file, '')
  return { fs, listed }
}

describe('what matches', () => {
  let fs: SlimNexusFS
  beforeAll(async () => void ({ fs } = await tree()))

  const cases: [string | string[], string[]][] = [
    ['*', ['/README.md', '/data/', '/node_modules/', '/src/', '/test/']],
    ['*.md', ['/README.md']],
    ['**/*.js', ['/src/deep/c.js']],
    ['src/**', ['/src/a.test.ts', '/src/a.ts', '/src/deep/', '/src/deep/c.js', '/src/deep/er/', '/src/deep/er/b.ts']],
    ['src/**/*.ts', ['/src/a.test.ts', '/src/a.ts', '/src/deep/er/b.ts']],
    ['{src,test}/**/*.ts', ['/src/a.test.ts', '/src/a.ts', '/src/deep/er/b.ts', '/test/unit/d.ts']],
    ['data/202[4-5]/0{1,7}.csv', ['/data/2024/07.csv', '/data/2025/01.csv']],
    ['data/202[!4]/*', ['/data/2025/01.csv']],
    ['data/{2023..2024}/*', ['/data/2024/07.csv']],
    ['src/deep/*/', ['/src/deep/er/']],
    ['src/@(deep|x)/c.js', ['/src/deep/c.js']],
    ['/src/a.ts', ['/src/a.ts']],
    ['./src/a.ts', ['/src/a.ts']],
    ['src', ['/src/']],
    ['nope/**', []],
    ['nope/x.ts', []],
    ['README.md/*', []],
    ['.git/*', ['/.git/config', '/.git/objects/']],
    [['src/**/*.ts', '!**/*.test.ts'], ['/src/a.ts', '/src/deep/er/b.ts']],
    [['**/*.ts', '!node_modules/**', '!src/**'], ['/test/unit/d.ts']],
    ['!{src,node_modules,data}/**', ['/README.md', '/data/', '/node_modules/', '/src/', '/test/', '/test/unit/', '/test/unit/d.ts']],
    [[], [...new Set(files.filter((file) => !file.includes('.git')))]],
  ]
  it.each(cases)('%j', async (pattern, expected) => {
    const found = await names(fs.glob(pattern))
    if (pattern.length === 0) expect(found.filter((name) => !name.endsWith('/')).sort()).toEqual([...expected].sort())
    else expect(found).toEqual(expected)
  })

  it('hidden names when asked', async () => {
    expect(await names(fs.glob('**/*.ts', { dot: true }))).toContain('/.git/objects/x.ts')
  })

  it('below a path', async () => {
    expect(await names(fs.glob('*.ts', { path: '/src' }))).toEqual(['/src/a.test.ts', '/src/a.ts'])
  })
})

describe('what is refused', () => {
  it.each(['', 'a//b', '../a', 'a/./b', '{1..2000}', 'x'.repeat(5000)])('the pattern %j', async (pattern) => {
    await fails(names((await tree()).fs.glob(pattern)), 'invalid_argument')
  })

  it('a path that is absent, or a file', async () => {
    const { fs } = await tree()
    await fails(names(fs.glob('*', { path: '/nope' })), 'not_found')
    await fails(names(fs.glob('a/b/*', { path: '/nope' })), 'not_found')
    await fails(names(fs.glob('a', { path: '/nope' })), 'not_found')
    await fails(names(fs.glob('*', { path: '/README.md' })), 'not_directory')
  })

  it('an absolute pattern with a path', async () => {
    await fails(names((await tree()).fs.glob('/src/*', { path: '/src' })), 'invalid_argument')
  })
})

describe('what is listed', () => {
  const cases: [string | string[], { dot?: boolean }, string[]][] = [
    ['src/deep/**/*.ts', {}, ['/src/deep', '/src/deep/er']],
    ['src/deep/**/*.ts', { dot: true }, ['/src/deep recursive']],
    ['src/*/c.js', {}, ['/src', '/src/deep']],
    ['{src,test}/*.ts', {}, ['/', '/src', '/test']],
    ['src/a.ts', {}, []],
    [['**/*.csv', '!node_modules/**', '!src/**', '!test/**'], {}, ['/', '/data', '/data/2024', '/data/2025']],
  ]
  it.each(cases)('%j %j', async (pattern, options, expected) => {
    const { fs, listed } = await tree()
    await names(fs.glob(pattern, options))
    expect(listed).toEqual(expected)
  })

  it('nothing more once the loop is left', async () => {
    const { fs, listed } = await tree()
    for await (const { path } of fs.glob('**/*.csv')) {
      expect(path).toBe('/data/2024/07.csv')
      break
    }
    expect(listed).not.toContain('/data/2025')
  })
})

describe('other mounts', () => {
  const mounted = async (): Promise<SlimNexusFS> => {
    const fs = createSlimNexusFS(await kernelWith({ '/a': undefined, '/a/in/b': undefined, '/c': undefined }))
    for (const file of ['/a/1.md', '/a/in/2.md', '/a/in/b/3.md', '/c/4.md']) await fs.write(file, 'needle')
    return fs
  }

  it('are entered only when asked', async () => {
    const fs = await mounted()
    expect(await names(fs.glob('**/*.md', { path: '/a' }))).toEqual(['/a/1.md', '/a/in/2.md'])
    expect(await names(fs.glob('**/*.md', { path: '/a', dot: true }))).toEqual(['/a/1.md', '/a/in/2.md'])
    expect(await names(fs.glob('**/*.md', { path: '/a', crossMounts: true }))).toEqual(['/a/1.md', '/a/in/2.md', '/a/in/b/3.md'])
    expect(await names(fs.glob('**/*.md', { crossMounts: true }))).toEqual(['/a/1.md', '/a/in/2.md', '/a/in/b/3.md', '/c/4.md'])
  })

  it('are entered when the pattern names them', async () => {
    expect(await names((await mounted()).glob('/a/in/b/*.md'))).toEqual(['/a/in/b/3.md'])
  })

  it('above all of them, going down has to be asked for', async () => {
    const fs = await mounted()
    expect(await fails(names(fs.glob('**/*.md')), 'invalid_argument')).toContain('crossMounts')
    expect(await names(fs.glob('{a,c}'))).toEqual(['/a/', '/c/'])
    expect(await fails(names(fs.grep('needle')), 'invalid_argument')).toContain('/a')
    expect(await names(fs.grep('needle', { crossMounts: true }))).toHaveLength(4)
    expect(await names(fs.grep('needle', { path: '/a' }))).toEqual(['/a/1.md', '/a/in/2.md'])
  })
})
