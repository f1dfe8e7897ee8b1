import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { testContext } from '../../test/open-test-tree.ts'
import { at, bytes, entriesOf, failure, failures, makeDirectory, openTree, pathsOf } from '../../test/tree-fixture.ts'
import { localBackend } from '../definition.ts'

const descriptor = JSON.stringify({ marker: 'nexus-repository', id: 'x' })
const segment = Buffer.concat([Buffer.from('NXSEG1\n\0', 'latin1'), Buffer.alloc(504)])

function detect(dataDir: string): Promise<string> {
  return localBackend.detectLayout!({ dataDir, durability: 'os' }, testContext)
}

describe('detectLayout', () => {
  it('absent, empty and what operating systems leave behind are empty', async () => {
    const directory = makeDirectory()
    expect(await detect(join(directory, 'absent'))).toBe('empty')
    expect(await detect(directory)).toBe('empty')
    writeFileSync(join(directory, '.DS_Store'), '')
    mkdirSync(join(directory, 'lost+found'))
    expect(await detect(directory)).toBe('empty')
  })

  it('files make a path layout, also a nexus.json and a journal of somebody else', async () => {
    const directory = makeDirectory()
    writeFileSync(join(directory, 'nexus.json'), '{"marker":"sonatype"}')
    mkdirSync(join(directory, 'journal'))
    writeFileSync(join(directory, 'journal', '00000000000000000001'), 'dear diary')
    expect(await detect(directory)).toBe('path')
  })

  it('our descriptor makes a repository', async () => {
    const directory = makeDirectory()
    writeFileSync(join(directory, 'nexus.json'), descriptor)
    expect(await detect(directory)).toBe('cas')
  })

  it.each([undefined, '', 'garbage', '{"marker":"other"}'])('our journal beside the nexus.json %j is damage', async (text) => {
    const directory = makeDirectory()
    mkdirSync(join(directory, 'journal'))
    writeFileSync(join(directory, 'journal', '00000000000000000001'), segment)
    if (text !== undefined) writeFileSync(join(directory, 'nexus.json'), text)
    await failure('corrupt', detect(directory))
  })

  it('a tree whose files are all gone stays a tree', async () => {
    const { directory, backend } = await openTree()
    await backend.write(at('/a'), bytes('x'))
    await backend.delete(at('/a'))
    expect(await detect(directory)).toBe('path')
    rmSync(join(directory, '.nexus-attributes/path'))
    expect(await detect(directory)).toBe('empty')
  })

  it('a file is refused', async () => {
    const directory = makeDirectory()
    writeFileSync(join(directory, 'file'), '')
    await failure('invalid_config', detect(join(directory, 'file')))
    await failure('invalid_config', openTree({ directory: join(directory, 'file') }))
  })
})

describe('a repository inside the tree', () => {
  it('is shown as one closed directory, which nothing reads, changes, moves or deletes', async () => {
    const { directory, backend } = await openTree()
    mkdirSync(join(directory, 'tree/repo/cas'), { recursive: true })
    writeFileSync(join(directory, 'tree/repo/nexus.json'), descriptor)
    writeFileSync(join(directory, 'tree/file'), 'x')
    expect(await pathsOf(backend, '/', { recursive: true })).toEqual(['/tree/', '/tree/file', '/tree/repo/'])
    expect(await entriesOf(backend, '/tree/repo')).toEqual([])
    const calls = [
      backend.stat(at('/tree/repo/nexus.json')), backend.read(at('/tree/repo/nexus.json')), backend.write(at('/tree/repo/new'), bytes('x')),
      backend.mkdir(at('/tree/repo/cas/new'), { recursive: true }), backend.delete(at('/tree/repo/nexus.json')), backend.rename!(at('/tree/file'), at('/tree/repo/file')),
      backend.delete(at('/tree/repo'), { recursive: true }), backend.delete(at('/tree/repo')), backend.delete(at('/tree'), { recursive: true }), backend.rename!(at('/tree/repo'), at('/other')),
    ]
    for (const { reason } of await failures('unsupported', calls)) expect(reason).toContain('Nexus repository')
    expect(await pathsOf(backend, '/', { recursive: true })).toEqual(['/tree/', '/tree/file', '/tree/repo/'])
  })

  it('of another program is a directory like others', async () => {
    const { directory, backend } = await openTree()
    mkdirSync(join(directory, 'nexus'))
    writeFileSync(join(directory, 'nexus/nexus.json'), '{"name":"nexus"}')
    expect(await pathsOf(backend, '/nexus')).toEqual(['/nexus/nexus.json'])
    await backend.delete(at('/nexus'), { recursive: true })
  })
})

describe('a root is refused', () => {
  it('inside a repository, and as one', async () => {
    const directory = makeDirectory()
    writeFileSync(join(directory, 'nexus.json'), descriptor)
    mkdirSync(join(directory, 'cas'))
    expect((await failure('invalid_config', openTree({ directory }))).reason).toContain('layout=cas')
    expect((await failure('invalid_config', openTree({ directory: join(directory, 'cas') }))).reason).toContain(directory)
    expect((await failure('invalid_config', openTree({ directory: join(directory, 'absent/deep') }))).reason).toContain(directory)
  })

  it('inside a private directory of Nexus, also through a link', async () => {
    const directory = makeDirectory()
    mkdirSync(join(directory, '.nexus/vault'), { recursive: true })
    symlinkSync(join(directory, '.nexus'), join(directory, 'link'))
    const privateDirectories = [join(directory, '.nexus')]
    for (const root of ['.nexus', '.nexus/vault', '.nexus/absent', 'link']) {
      expect((await failure('invalid_config', openTree({ directory: join(directory, root), privateDirectories }))).reason).toContain('keeps its own state')
    }
  })
})

it('a private directory inside the tree is not shown, and nothing reaches it', async () => {
  const directory = makeDirectory()
  mkdirSync(join(directory, 'home/.nexus'), { recursive: true })
  writeFileSync(join(directory, 'home/.nexus/vault'), 'secret')
  const { backend } = await openTree({ directory, privateDirectories: [join(directory, 'home/.nexus')] })
  expect(await pathsOf(backend, '/', { recursive: true })).toEqual(['/home/'])
  const calls = [backend.read(at('/home/.nexus/vault')), backend.stat(at('/home/.nexus')), backend.write(at('/home/.nexus/vault'), bytes('x')), backend.delete(at('/home'), { recursive: true }), backend.rename!(at('/home'), at('/other'))]
  await failures('permission_denied', calls)
})
