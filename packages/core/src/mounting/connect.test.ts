import { mkdir, mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ErrorCode } from '../contract/errors.ts'
import { connectIn } from './connect.ts'
import { fakeBackend, fakeDefinition, type FakeDefinition, fakeEnvironment } from './fake-definition.ts'
import type { NexusFS } from './nexus-fs.ts'

let root: string
beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'nexus-connect-')))
})
afterEach(() => rm(root, { recursive: true }))

const failing = (code: ErrorCode, message: string): unknown =>
  expect.objectContaining({ code, message: expect.stringContaining(message) as string })
const places = async (fs: NexusFS): Promise<string[]> => {
  const mounts = await fs.listMounts()
  await fs.close()
  return mounts.map(({ mountPoint }) => mountPoint)
}
/** The repository at /workspace asks for a store: its refusal shows that it was asked. */
const noStore = failing('unsupported', 'A local mount cannot hold a repository')
const local = (): FakeDefinition => fakeDefinition({ scheme: 'local' })

describe('connect() embedded', () => {
  it('mounts what the argument says, and remembers nothing', async () => {
    const fs = await connectIn(
      fakeEnvironment(root),
      { mounts: ['fake://a', { mountPoint: '/b', backendType: 'fake', backendConfig: { region: 'x' } }] },
      { backends: { fake: fakeDefinition() } },
    )
    expect(await places(fs)).toEqual(['/fake/a', '/b'])
    expect(await readdir(root)).toEqual([])
  })

  it('has a repository at /workspace, for dataDir and when nothing is said', async () => {
    for (const config of [undefined, {}, { mode: 'embedded' }, { dataDir: './d' }, { dataDir: './d', mounts: ['fake://a'] }]) {
      await expect(connectIn(fakeEnvironment(root), config, { backends: { local: local(), fake: fakeDefinition() } })).rejects.toEqual(
        noStore,
      )
    }
  })

  it('says how to install the local backend where it is missing', async () => {
    const entryScript = undefined
    await expect(connectIn(fakeEnvironment(root, { entryScript }), undefined)).rejects.toEqual(
      failing('unavailable', 'npm install @nexus/backend-local'),
    )
  })

  it('reads ./nexus.yaml without an argument, and a named file with one', async () => {
    await writeFile(join(root, 'nexus.yaml'), 'mounts: [fake://found]')
    await writeFile(join(root, 'other.yaml'), 'mounts: [fake://named]')
    const backends = { fake: fakeDefinition() }
    expect(await places(await connectIn(fakeEnvironment(root), undefined, { backends }))).toEqual(['/fake/found'])
    expect(await places(await connectIn(fakeEnvironment(root), { configFile: 'other.yaml' }, { backends }))).toEqual(['/fake/named'])
    await expect(connectIn(fakeEnvironment(root), { configFile: 'absent.yaml' })).rejects.toEqual(
      failing('invalid_config', 'absent.yaml does not exist'),
    )
  })

  it('names the line of nexus.yaml whose mount cannot be opened', async () => {
    await writeFile(join(root, 'nexus.yaml'), 'mounts:\n  - fake://a\n  - uri: fake://b\n    options: { colour: red }\n')
    await expect(connectIn(fakeEnvironment(root), undefined, { backends: { fake: fakeDefinition() } })).rejects.toEqual(
      failing('invalid_config', 'nexus.yaml:3: Unknown option "colour".'),
    )
  })

  it.each([
    ['in options', '  - uri: fake://a\n    options: { credentials_path: /etc/key }'],
    ['in a URI', '  - fake://a?credentialsPath=/etc/key'],
    ['under another name', '  - uri: fake://a\n    options: { key_file: /etc/key }'],
  ])('lets a found nexus.yaml name no credential files (%s), and a trusted one', async (_case, mount) => {
    await writeFile(join(root, 'nexus.yaml'), `mounts:\n${mount}\n`)
    const backends = { fake: fakeDefinition() }
    await expect(connectIn(fakeEnvironment(root), undefined, { backends })).rejects.toEqual(
      failing('invalid_config', 'names a file of credentials'),
    )
    expect(backends.fake.events).toEqual([])
    const trusted = connectIn(fakeEnvironment(root), { configFile: 'nexus.yaml' }, { backends })
    await (mount.includes('key_file')
      ? expect(trusted).rejects.toThrow('Unknown option "keyFile"')
      : expect(trusted.then(places)).resolves.toEqual(['/fake/a']))
  })

  it('resolves the packages of a trusted file from where it lies', async () => {
    const folder = join(root, 'conf/node_modules/nexus-notion')
    await mkdir(folder, { recursive: true })
    await writeFile(
      join(folder, 'package.json'),
      JSON.stringify({ name: 'nexus-notion', type: 'module', exports: './index.js', nexus: { contract: 1, schemes: { notion: {} } } }),
    )
    const caps = JSON.stringify(fakeBackend('notion').capabilities)
    await writeFile(
      join(folder, 'index.js'),
      `export default { scheme: 'notion', contract: 1, fromUri: () => ({}), parseConfig: (x) => x, open: async () => ({ scheme: 'notion', capabilities: ${caps}, close: async () => {} }) }`,
    )
    await writeFile(join(root, 'conf/nexus.yaml'), 'packages: [nexus-notion]\nmounts: [notion://w]')
    expect(await places(await connectIn(fakeEnvironment(root), { configFile: 'conf/nexus.yaml' }))).toEqual(['/notion/w'])
    await writeFile(join(root, 'conf/nexus.yaml'), 'packages: [nexus-absent]\nmounts: [notion://w]')
    await expect(connectIn(fakeEnvironment(root), { configFile: 'conf/nexus.yaml' })).rejects.toEqual(
      failing('unavailable', 'npm install nexus-absent'),
    )
  })

  it.each<[unknown, string]>([
    [{ mode: 'distributed' }, '"mode" is "embedded"'],
    [{ dataDirectory: 'x' }, 'Did you mean "dataDir"?'],
    [{ mounts: 'fake://a' }, '"mounts" of the configuration is a list, not a text.'],
    [{ dataDir: 1 }, '"dataDir" of the configuration is a text, not 1.'],
    ['nexus.yaml', 'The configuration is an object, not a text.'],
    [{ configFile: '' }, '"configFile" names a file'],
    [{ configFile: 'x', mounts: [] }, 'has no "mounts"'],
    [{ url: 'ftp://host' }, 'http://host:port'],
    [{ url: 'nowhere' }, 'http://host:port'],
    [{ url: 'http://user:pw@host' }, 'Secrets never ride in a URI'],
    [{ url: 'http://host', apikey: 'x' }, 'Did you mean "apiKey"?'],
    [{ url: 'http://host', apiKey: 5 }, '"apiKey" of the configuration of a server is a text, not 5.'],
  ])('refuses %j', async (config, message) => {
    await expect(connectIn(fakeEnvironment(root), config, { backends: { local: local() } })).rejects.toEqual(
      failing('invalid_config', message),
    )
  })

  it('keeps the reason of an abort', async () => {
    const reason = new Error('enough')
    await expect(connectIn(fakeEnvironment(root), undefined, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })
})

describe('connect() to a server', () => {
  const withUrl = (changes: object = {}): ReturnType<typeof fakeEnvironment> =>
    fakeEnvironment(root, { env: { ...fakeEnvironment(root).env, NEXUS_URL: 'http://127.0.0.1:1', NEXUS_API_KEY: 'nxk_1', ...changes } })
  const installClient = async (code: string): Promise<void> => {
    const folder = join(root, 'node_modules/@nexus/client')
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'package.json'), JSON.stringify({ name: '@nexus/client', type: 'module', exports: './index.js' }))
    await writeFile(join(folder, 'index.js'), code)
  }

  it('fails with the install command without @nexus/client, and never falls back', async () => {
    await writeFile(join(root, 'nexus.yaml'), 'mounts: [fake://found]')
    const fake = fakeDefinition()
    const refusal = failing('unavailable', 'Connecting to a server needs @nexus/client. Install it: npm install @nexus/client')
    await expect(connectIn(withUrl(), undefined, { backends: { fake } })).rejects.toEqual(refusal)
    await expect(connectIn(fakeEnvironment(root), { url: 'http://127.0.0.1:1' }, { backends: { fake } })).rejects.toEqual(refusal)
    expect(fake.events).toEqual([])
  })

  it('hands over to @nexus/client with URL and key', async () => {
    await installClient('export const connectRemote = async (server) => ({ server })')
    expect(await connectIn(withUrl())).toEqual({ server: { serverUrl: 'http://127.0.0.1:1', apiKey: 'nxk_1', signal: undefined } })
    expect(await connectIn(withUrl(), { url: 'https://other' })).toEqual({
      server: { serverUrl: 'https://other', apiKey: undefined, signal: undefined },
    })
  })

  it('is not asked for when the argument or an empty NEXUS_URL says otherwise', async () => {
    const options = { backends: { fake: fakeDefinition() } }
    expect(await places(await connectIn(withUrl(), { mounts: ['fake://a'] }, options))).toEqual(['/fake/a'])
    await writeFile(join(root, 'nexus.yaml'), 'mounts: [fake://found]')
    expect(await places(await connectIn(withUrl({ NEXUS_URL: '' }), undefined, options))).toEqual(['/fake/found'])
  })

  it.each([
    ['throws', 'throw new Error("no luck")', 'no luck'],
    ['does not fit', 'export const other = 1', 'does not fit'],
  ])('says so when the client %s', async (_case, code, message) => {
    await installClient(code)
    await expect(connectIn(withUrl())).rejects.toEqual(failing('unavailable', message))
  })
})

describe('mountManager', () => {
  const open = (fake: FakeDefinition): Promise<NexusFS> =>
    connectIn(fakeEnvironment(root), { mounts: ['fake://first'] }, { backends: { fake } })

  it('adds mounts by type and configuration, by URI and as backends, and tells their ids', async () => {
    const fake = fakeDefinition()
    const fs = await open(fake)
    const config = {
      mountPoint: '/archives',
      backendType: 'fake',
      backendConfig: { region: 'eu', freshnessMs: 5 },
      priority: 10,
      readonly: true,
    }
    const ids = [
      await fs.mountManager.addMount(config),
      await fs.mountManager.addMount('fake://uri'),
      await fs.mountManager.addMount({ backend: fakeBackend('own'), at: '/own' }),
    ]
    expect((await fs.listMounts()).slice(1)).toMatchObject([
      { id: ids[0], mountPoint: '/archives', backendType: 'fake', priority: 10, readonly: true },
      { id: ids[1], mountPoint: '/fake/uri', uri: 'fake://uri' },
      { id: ids[2], mountPoint: '/own', backendType: 'own' },
    ])
    expect(fake.events).toContain('open {"region":"eu"}')
    expect((await fs.getMountInfo('/archives/2024/a'))?.id).toBe(ids[0])
    await fs.close()
  })

  it('removes them by id and by mount point, closing the backend', async () => {
    const fake = fakeDefinition()
    const fs = await open(fake)
    const id = await fs.mountManager.addMount('fake://a')
    await fs.mountManager.removeMount(id)
    await fs.mountManager.removeMount('/fake/first/', { drain: false })
    expect(fake.events.slice(2)).toEqual(['close {"name":"a"}', 'close {"name":"first"}'])
    await expect(fs.mountManager.removeMount('/fake/first')).rejects.toEqual(failing('mount_not_found', ''))
    await fs.close()
  })

  it('closes what it opened when the place is taken, and leaves the others alone', async () => {
    const fake = fakeDefinition()
    const fs = await open(fake)
    await expect(fs.mountManager.addMount({ uri: 'fake://second', at: '/fake/first' })).rejects.toEqual(
      failing('mount_collision', 'fake://first'),
    )
    await expect(fs.mountManager.addMount({ mountPoint: '/x', backendType: 'nothing' })).rejects.toEqual(
      failing('invalid_config', 'No backend is known for nothing://'),
    )
    expect(fake.events.slice(1)).toEqual(['open {"name":"second"}', 'close {"name":"second"}'])
    expect(await fs.exists('/fake/first')).toBe(true)
    await fs.close()
    await expect(fs.mountManager.addMount('fake://late')).rejects.toEqual(failing('unavailable', 'closed'))
  })
})
