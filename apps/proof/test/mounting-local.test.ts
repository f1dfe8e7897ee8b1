import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, isNexusError, mount, type MountInfo, type MountedNexusFS, readMounts } from '@nexus/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const resolveFrom = import.meta.url
const variables = ['NEXUS_FS_STATE_DIR', 'NEXUS_HOME', 'NEXUS_URL'] as const
let root: string
let saved: (string | undefined)[]
beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'nexus-local-')))
  saved = variables.map((name) => process.env[name])
  process.env['NEXUS_FS_STATE_DIR'] = join(root, 'state')
  process.env['NEXUS_HOME'] = join(root, 'home')
  delete process.env['NEXUS_URL']
})
afterEach(async () => {
  variables.forEach((name, index) => {
    const value = saved[index]
    if (value === undefined) Reflect.deleteProperty(process.env, name)
    else process.env[name] = value
  })
  await rm(root, { recursive: true })
})

const only = async (fs: MountedNexusFS): Promise<MountInfo | undefined> => (await fs.listMounts())[0]
const data = (): string => join(root, 'data')
const layoutOf = async (query = ''): Promise<string | undefined> => {
  await using fs = await mount(`local://${data()}${query}`, { resolveFrom, ephemeral: true })
  return (await only(fs))?.layout
}

describe('the layout of a local mount', () => {
  it('is a repository where nothing is, made at the first write and found again', async () => {
    {
      await using fs = await mount(`local://${data()}`, { at: '/d', resolveFrom })
      expect((await only(fs))?.layout).toBe('cas')
      expect(existsSync(join(data(), 'nexus.json'))).toBe(false)
      await fs.write('/d/a', 'one')
      expect(existsSync(join(data(), 'nexus.json'))).toBe(true)
    }
    expect(await layoutOf()).toBe('cas')
    await using again = await mount({ resolveFrom })
    expect(await again.readText('/d/a')).toBe('one')
    expect((await only(again))?.mountPoint).toBe('/d')
  })

  it('is path where files are, and where the URI says so', async () => {
    expect(await layoutOf('?layout=path')).toBe('path')
    await mkdir(data(), { recursive: true })
    await writeFile(join(data(), 'mine.txt'), 'mine')
    expect(await layoutOf()).toBe('path')
    await using fs = await mount(`local://${data()}?durability=os`, { at: '/d', resolveFrom, ephemeral: true })
    expect(await fs.readText('/d/mine.txt')).toBe('mine')
  })

  it('is path where nothing is and nothing may be written', async () => {
    expect(await layoutOf('?readonly')).toBe('path')
    expect(existsSync(data())).toBe(false)
  })

  it.each(['cas', 'path'])('refuses a directory inside a repository, layout %s', async (layout) => {
    {
      await using fs = await mount(`local://${data()}`, { at: '/d', resolveFrom, ephemeral: true })
      await fs.write('/d/a', 'one')
    }
    const inner = mount(`local://${data()}/journal?layout=${layout}`, { at: '/d', resolveFrom, ephemeral: true })
    await expect(inner).rejects.toSatisfy((error) => isNexusError(error, 'invalid_config') && error.reason.includes('lies in the Nexus repository'))
  })

  it.each(['cas', 'path'])('refuses the state directory, layout %s', async (layout) => {
    const own = mount(`local://${join(root, 'state', 'files')}?layout=${layout}`, { at: '/d', resolveFrom, ephemeral: true })
    await expect(own).rejects.toSatisfy((error) => isNexusError(error, 'invalid_config') && error.reason.includes('its own state'))
  })

  it('never turns files into a repository', async () => {
    await mkdir(data())
    await writeFile(join(data(), 'mine.txt'), 'mine')
    const writing = async (): Promise<void> => {
      await using fs = await mount(`local://${data()}?layout=cas`, { at: '/d', resolveFrom, ephemeral: true })
      await fs.write('/d/a', 'x')
    }
    await expect(writing()).rejects.toSatisfy((error) => isNexusError(error))
    expect(await readdir(data())).toEqual(['mine.txt'])
  })
})

describe('a repository', () => {
  it('that is mounted twice is one', async () => {
    await using fs = await mount(
      { uri: `local://${data()}`, at: '/one' },
      { uri: `local://${root}/./data/`, at: '/two' },
      { resolveFrom, ephemeral: true },
    )
    await fs.write('/one/a', 'seen by both')
    expect(await fs.readText('/two/a')).toBe('seen by both')
  })

  it('that is mounted read-only refuses writes', async () => {
    await using writer = await mount(`local://${data()}`, { at: '/d', resolveFrom, ephemeral: true })
    await writer.write('/d/a', 'x')
    await using reader = await mount(`local://${data()}?readonly`, { at: '/d', resolveFrom, ephemeral: true })
    expect(await reader.readText('/d/a')).toBe('x')
    await expect(reader.write('/d/a', 'y')).rejects.toMatchObject({ code: 'read_only' })
  })
})

it('shows no directory of Nexus itself as files', async () => {
  await mkdir(join(root, 'state'))
  await expect(mount(`local://${root}/state?layout=path`, { resolveFrom, ephemeral: true })).rejects.toMatchObject({
    code: 'invalid_config',
  })
})

describe('connect()', () => {
  it('has a repository at /workspace, in dataDir', async () => {
    {
      await using fs = await connect({ dataDir: data() }, { resolveFrom })
      expect(await fs.listMounts()).toMatchObject([{ mountPoint: '/workspace', layout: 'cas', backendType: 'local' }])
      await fs.write('/workspace/a', 'kept')
      await fs.mountManager.addMount({
        mountPoint: '/workspace/shared',
        backendType: 'local',
        backendConfig: { dataDir: join(root, 'shared'), durability: 'os' },
        priority: 10,
      })
      await fs.write('/workspace/shared/b', 'other place')
      expect(existsSync(join(root, 'shared/nexus.json'))).toBe(true)
    }
    await using again = await connect({ dataDir: data() }, { resolveFrom })
    expect(await again.readText('/workspace/a')).toBe('kept')
    expect(await again.exists('/workspace/shared/b')).toBe(false)
    expect(await readMounts()).toEqual([])
  })

  it('reads a named nexus.yaml', async () => {
    await writeFile(
      join(root, 'nexus.yaml'),
      'data_dir: ./data\nmounts:\n  - uri: local://./files\n    at: /files\n    options: { layout: path }\n',
    )
    await using fs = await connect({ configFile: join(root, 'nexus.yaml') }, { resolveFrom })
    await fs.write('/files/a.txt', 'plain')
    await fs.write('/workspace/b', 'kept')
    expect(await readFile(join(root, 'files/a.txt'), 'utf8')).toBe('plain')
    expect((await readdir(root)).sort()).toEqual(['data', 'files', 'nexus.yaml'])
  })
})
