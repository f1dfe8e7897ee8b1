import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { NexusError } from '../contract/errors.ts'
import { fakeBackend, fakeDefinition, fakeEnvironment } from './fake-definition.ts'
import { mountIn } from './mount.ts'
import type { RememberedMount } from './remembered-mount.ts'

let root: string
let file: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'nexus-remember-'))
  file = join(root, 'state/mounts.json')
})
afterEach(() => rm(root, { recursive: true }))

const mounts = async (): Promise<RememberedMount[]> => (JSON.parse(await readFile(file, 'utf8')) as { mounts: RememberedMount[] }).mounts
const mountOnce = async (...args: unknown[]): Promise<void> =>
  (
    await mountIn(fakeEnvironment(root), [...args, { backends: { fake: fakeDefinition(), local: fakeDefinition({ scheme: 'local' }) } }])
  ).close()

describe('mount() remembers', () => {
  it('by mount point: a second mount at a place replaces, others stay', async () => {
    await mountOnce('fake://a', { uri: 'fake://b', at: '/x' })
    await mountOnce({ uri: 'fake://c', at: '/x', name: 'n', priority: 1, readonly: false })
    expect(await mounts()).toEqual([
      { mountPoint: '/fake/a', uri: 'fake://a' },
      { mountPoint: '/x', uri: 'fake://c', name: 'n', priority: 1, readonly: false },
    ])
  })

  it('relative directories as absolute ones, at the place the relative one gave', async () => {
    await mountOnce('local://./da%25ta?durability=os', 'local://~/home dir')
    expect(await mounts()).toEqual([
      { mountPoint: '/local/da%ta', uri: `local://${root}/da%25ta?durability=os` },
      { mountPoint: '/local/~/home dir', uri: `local://${root}/home dir` },
    ])
  })

  it('no secrets, and says what it withheld', async () => {
    await mountOnce({ uri: 'fake://a', options: { token: 'hush', region: 'https://user:hush@host/', priority: 3 } })
    expect(await readFile(file, 'utf8')).not.toContain('hush')
    expect(await mounts()).toEqual([{ mountPoint: '/fake/a', uri: 'fake://a', options: { priority: 3 }, withheld: ['token', 'region'] }])
  })

  it('neither memory nor open backends', async () => {
    const backends = { memory: fakeDefinition({ scheme: 'memory' }) }
    await (await mountIn(fakeEnvironment(root), ['memory://x', { backend: fakeBackend('own'), at: '/own' }, { backends }])).close()
    await expect(stat(file)).rejects.toThrow('ENOENT')
  })

  it('nothing when ephemeral, not even by reading', async () => {
    await mountOnce('fake://a')
    const before = await readFile(file, 'utf8')
    await writeFile(file, 'damaged')
    const fs = await mountIn(fakeEnvironment(root), ['fake://b', { backends: { fake: fakeDefinition() }, ephemeral: true }])
    await fs.close()
    const empty = await mountIn(fakeEnvironment(root), [{ ephemeral: true }])
    expect(await empty.listMounts()).toEqual([])
    await empty.close()
    expect(await readFile(file, 'utf8')).toBe('damaged')
    expect(before).not.toContain('fake://b')
  })

  it('in a file and a directory that only their owner reads, and writes nothing when nothing changed', async () => {
    await mountOnce('fake://a')
    expect([(await stat(file)).mode & 0o777, (await stat(join(root, 'state'))).mode & 0o777]).toEqual([0o600, 0o700])
    const { ino, mtimeNs } = await stat(file, { bigint: true })
    await mountOnce('fake://a')
    expect(await stat(file, { bigint: true })).toMatchObject({ ino, mtimeNs })
  })
})

describe('mount() without a source', () => {
  it('mounts what is remembered, with its options', async () => {
    await mountOnce({
      uri: 'fake://a/b?region=r',
      at: '/place',
      name: 'n',
      priority: 4,
      readonly: true,
      options: { durability: 'os', layout: 'path' },
    })
    const fake = fakeDefinition()
    const fs = await mountIn(fakeEnvironment(root), [{ backends: { fake } }])
    expect(await fs.listMounts()).toMatchObject([
      { mountPoint: '/place', name: 'n', priority: 4, readonly: true, uri: 'fake://a/b?region=r' },
    ])
    expect(fake.events).toEqual(['open {"region":"r","name":"a/b","durability":"os"}'])
    await fs.close()
  })

  it('mounts nothing when nothing is remembered', async () => {
    const fs = await mountIn(fakeEnvironment(root), [])
    expect(await fs.listMounts()).toEqual([])
    await fs.close()
  })

  it('says which secrets were not remembered when it fails', async () => {
    await mountOnce({ uri: 'fake://a', options: { token: 'hush' } })
    const fake = fakeDefinition({ failure: () => new NexusError('unauthenticated') })
    await expect(mountIn(fakeEnvironment(root), [{ backends: { fake } }])).rejects.toThrow(
      'Not remembered, because secrets are not: token.',
    )
  })
})

describe('a damaged mounts.json', () => {
  const damage = async (text: string): Promise<void> => {
    await mkdir(join(root, 'state'), { recursive: true })
    await writeFile(file, text)
  }
  const good = '{"format":1,"mounts":[\n{"mountPoint":"/a","uri":"fake://a"},\n'

  it.each([
    ['cut off', good, 3],
    ['empty', '', 1],
    ['a bare word', `${good}oops]}`, 3],
    ['a trailing comma', `${good}]}`, 3],
    ['something after the end', '{"format":1,"mounts":[]}\n\nx', 3],
    ['a list', '\n[]', 2],
    ['no format', '{"mounts":[]}', 1],
    ['a wrong type', `${good}{"mountPoint":"/b","uri":"fake://b",\n"priority":"high"}]}`, 4],
    ['an unknown key', `${good}{"mountPoint":"/b","uri":"fake://b",\n\n"prioritty":1}]}`, 5],
    ['a missing URI', `${good}{"mountPoint":"/b"}]}`, 3],
    ['a mount point that is none', `${good}{"uri":"fake://b","mountPoint":"b"}]}`, 3],
    ['a URI that is none', `${good}{"mountPoint":"/b",\n"uri":"b"}]}`, 4],
    ['a withheld that is no list of texts', `${good}{"mountPoint":"/b","uri":"fake://b","withheld":[1]}]}`, 3],
  ])('(%s) names file, line and repair', async (_case, text, line) => {
    await damage(text)
    const expected: unknown = expect.objectContaining({
      code: 'invalid_config',
      message: expect.stringMatching(new RegExp(`${file}:${line}: .*delete ${file}`, 's')) as string,
    })
    await expect(mountIn(fakeEnvironment(root), [{ backends: { fake: fakeDefinition() } }])).rejects.toEqual(expected)
  })

  it('is put aside by the next mount of something, with a warning', async () => {
    await damage(good)
    const environment = fakeEnvironment(root)
    await (await mountIn(environment, ['fake://new', { backends: { fake: fakeDefinition() } }])).close()
    expect(await mounts()).toEqual([{ mountPoint: '/fake/new', uri: 'fake://new' }])
    expect(await readFile(`${file}.damaged`, 'utf8')).toBe(good)
    expect(environment.warnings).toEqual([expect.stringContaining(`${file}.damaged`)])
  })

  it('of a newer format is left alone', async () => {
    const newer = '{"format":2,"mounts":[],"more":1}'
    await damage('{"format":2,"mounts":[]}')
    const fake = fakeDefinition()
    const refusal: unknown = expect.objectContaining({ code: 'unsupported', message: expect.stringContaining('newer version') as string })
    await expect(mountIn(fakeEnvironment(root), ['fake://a', { backends: { fake } }])).rejects.toEqual(refusal)
    expect(fake.events).toEqual(['open {"name":"a"}', 'close {"name":"a"}'])
    await damage(newer)
    await expect(mountIn(fakeEnvironment(root), [{ backends: { fake } }])).rejects.toEqual(refusal)
  })
})

it('a state directory that cannot be written says what to do', async () => {
  // Makes the directory, and loads everything that nobody could not read.
  await mountOnce('fake://a')
  await chmod(root, 0o755)
  await chmod(join(root, 'state'), 0o555)
  const refused = await asNobody(() => mountOnce('fake://b').catch((error: unknown) => error))
  expect(refused).toEqual(expect.objectContaining({ code: 'permission_denied', message: expect.stringContaining('NEXUS_FS_STATE_DIR') as string }))
})

/** Root may write everywhere: it becomes `nobody` for a moment. */
async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return await work()
  process.seteuid?.(65_534)
  try {
    return await work()
  } finally {
    process.seteuid?.(0)
  }
}

it('a state directory that is a file says what to do', async () => {
  await writeFile(join(root, 'state'), '')
  await expect(mountOnce('fake://a')).rejects.toEqual(
    expect.objectContaining({ code: 'invalid_config', message: expect.stringContaining('NEXUS_FS_STATE_DIR') as string }),
  )
})
