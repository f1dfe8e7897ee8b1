import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ErrorCode, NexusError } from '../contract/errors.ts'
import { fakeBackend, fakeDefinition, fakeEnvironment } from './fake-definition.ts'
import { mountIn } from './mount.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'nexus-mount-'))
})
afterEach(() => rm(root, { recursive: true }))

const failing = (code: ErrorCode, message: string): unknown =>
  expect.objectContaining({ code, message: expect.stringContaining(message) as string })
const remembered = async (): Promise<unknown> =>
  (JSON.parse(await readFile(join(root, 'state/mounts.json'), 'utf8')) as { mounts: unknown }).mounts

describe('mount', () => {
  it('mounts several sources at the places they give themselves', async () => {
    const fake = fakeDefinition()
    const fs = await mountIn(fakeEnvironment(root), [
      'fake://a',
      { uri: 'fake://b/c', name: 'second', priority: 2, readonly: true },
      { backends: { fake } },
    ])
    expect(await fs.listMounts()).toMatchObject([
      { mountPoint: '/fake/a', uri: 'fake://a', backendType: 'fake', priority: 0, readonly: false, state: 'active' },
      { mountPoint: '/fake/b/c', name: 'second', priority: 2, readonly: true },
    ])
    expect((await fs.getMountInfo('/fake/b/c/d'))?.name).toBe('second')
    expect(await fs.getMountInfo('/elsewhere')).toBeUndefined()
    await fs.close()
  })

  it('closes the backends in reverse order, once', async () => {
    const fake = fakeDefinition()
    const fs = await mountIn(fakeEnvironment(root), ['fake://a', 'fake://b', { backends: { fake } }])
    await Promise.all([fs.close(), fs.close()])
    expect(fake.events.slice(2)).toEqual(['close {"name":"b"}', 'close {"name":"a"}'])
    await expect(fs.stat('/fake/a')).rejects.toEqual(failing('unavailable', 'closed'))
  })

  it('takes a backend object, and a definition behind an import', async () => {
    const fake = fakeDefinition()
    const fs = await mountIn(fakeEnvironment(root), [
      { backend: fakeBackend('own'), at: '/own' },
      'fake://a',
      { backends: { fake: () => Promise.resolve({ default: fake }) } },
    ])
    expect((await fs.listMounts()).map(({ backendType }) => backendType)).toEqual(['own', 'fake'])
    await fs.close()
  })

  it('puts a mount where `at` says', async () => {
    const fs = await mountIn(fakeEnvironment(root), ['fake://a', { at: '/x/y', backends: { fake: fakeDefinition() } }])
    expect((await fs.listMounts()).map(({ mountPoint }) => mountPoint)).toEqual(['/x/y'])
    await fs.close()
  })

  it('hands URI and object options to the backend, the object winning, and keeps the mount options', async () => {
    const fake = fakeDefinition()
    const fs = await mountIn(fakeEnvironment(root), [
      { uri: 'fake://a?region=x&priority=1', options: { region: 'y', priority: 2 } },
      { backends: { fake } },
    ])
    expect(fake.events).toEqual(['open {"region":"y","name":"a"}'])
    expect((await fs.listMounts())[0]).toMatchObject({ priority: 2 })
    await fs.close()
  })

  it('gives backends their context', async () => {
    const fake = fakeDefinition()
    const environment = fakeEnvironment(root)
    await (await mountIn(environment, ['fake://a', { backends: { fake } }])).close()
    expect(fake.contexts[0]).toMatchObject({ env: environment.env, privateDirectories: [`${root}/state`, `${root}/home`] })
    expect(await fake.contexts[0]?.credentials('any')).toBeUndefined()
  })

  it('mounts a URI with readonly in its query as read-only', async () => {
    const fs = await mountIn(fakeEnvironment(root), ['fake://a?readonly', { backends: { fake: fakeDefinition() } }])
    await expect(fs.write('/fake/a/x', 'x')).rejects.toEqual(failing('read_only', ''))
    await fs.close()
  })
})

it('tells the version of core', async () => {
  const fs = await mountIn(fakeEnvironment(root), [{ ephemeral: true }])
  const { version } = JSON.parse(await readFile(join(import.meta.dirname, '../../package.json'), 'utf8')) as { version: string }
  expect((await fs.readText('/__sys__/version')).trim()).toBe(version)
  await fs.close()
})

describe('a mount that fails in the middle', () => {
  const failure = (config: unknown): Error | undefined =>
    (config as { name: string }).name === 'bad' ? new NexusError('unavailable', { reason: 'No route.' }) : undefined

  it('closes what was opened, in reverse order, and remembers nothing', async () => {
    const fake = fakeDefinition({ failure })
    await expect(mountIn(fakeEnvironment(root), ['fake://a', 'fake://b', 'fake://bad', { backends: { fake } }])).rejects.toEqual(
      failing('unavailable', 'mount fake://bad: No route.'),
    )
    expect(fake.events.slice(2)).toEqual(['close {"name":"b"}', 'close {"name":"a"}'])
    await expect(remembered()).rejects.toThrow('ENOENT')
  })

  it('closes what was opened when the places collide, but no backend of the caller', async () => {
    const fake = fakeDefinition()
    const events: string[] = []
    const own = { backend: fakeBackend('own', () => events.push('close')), at: '/own' }
    const mounting = mountIn(fakeEnvironment(root), [own, 'fake://a?region=x', 'fake://a', { backends: { fake } }])
    await expect(mounting).rejects.toEqual(failing('mount_collision', 'fake://a?region=x'))
    expect(fake.events.filter((event) => event.startsWith('close'))).toHaveLength(2)
    expect(events).toEqual([])
  })

  it('stands all the same with skipUnavailable, and says why', async () => {
    const fs = await mountIn(fakeEnvironment(root), [
      'fake://a',
      'fake://bad',
      's3://bucket',
      { backends: { fake: fakeDefinition({ failure }) }, skipUnavailable: true },
    ])
    expect((await fs.listMounts()).map(({ state }) => state)).toEqual(['active', 'unavailable', 'unavailable'])
    await expect(fs.stat('/fake/bad/x')).rejects.toEqual(failing('unavailable', 'No route.'))
    await expect(fs.stat('/s3/bucket')).rejects.toEqual(failing('unavailable', 'npm install @nexus/backend-s3'))
    await fs.close()
  })

  it('wraps an error that no contract knows', async () => {
    const fake = fakeDefinition({ failure: () => new TypeError('x is not a function') })
    await expect(mountIn(fakeEnvironment(root), ['fake://a', { backends: { fake } }])).rejects.toEqual(
      failing('unexpected', 'mount fake://a: Opening failed in a way that the contract does not know: x is not a function'),
    )
  })

  it('tells mistakes of the caller in spite of skipUnavailable', async () => {
    const args = ['fake://a?colour=red', { backends: { fake: fakeDefinition() }, skipUnavailable: true }]
    await expect(mountIn(fakeEnvironment(root), args)).rejects.toEqual(failing('invalid_config', 'Unknown option "colour".'))
  })

  it('keeps the reason of an abort, and closes a backend that opens too late', async () => {
    const opening = Promise.withResolvers<undefined>()
    const fake = fakeDefinition({ until: opening.promise })
    const controller = new AbortController()
    const reason = new Error('enough')
    const mounting = mountIn(fakeEnvironment(root), ['fake://a', { backends: { fake }, signal: controller.signal, skipUnavailable: true }])
    await expect.poll(() => fake.contexts).toHaveLength(1)
    controller.abort(reason)
    await expect(mounting).rejects.toBe(reason)
    opening.resolve(undefined)
    await expect.poll(() => fake.events).toContain('close {"name":"a"}')
    await expect(mountIn(fakeEnvironment(root), ['fake://a', { backends: { fake }, signal: controller.signal }])).rejects.toBe(reason)
  })
})

describe('bad input', () => {
  it.each<[unknown[], ErrorCode, string]>([
    [[42], 'invalid_config', 'A mount is a URI or an object with "uri", "backend" or "backendType", not 42.'],
    [['fake'], 'invalid_config', 'scheme://authority'],
    [['fake://'], 'invalid_config', 'After fake:// comes a name.'],
    [['fake://a?token=abc'], 'invalid_config', 'Secrets never ride in a URI'],
    [['fake://user:pw@host'], 'invalid_config', 'Secrets never ride in a URI'],
    [[{ uri: 'fake://a', prioritty: 1 }], 'invalid_config', 'A mount has no "prioritty". Did you mean "priority"?'],
    [[{ uri: 'fake://a', priority: 1.5 }], 'invalid_config', '"priority" of a mount is a whole number, not 1.5.'],
    [[{ uri: 'fake://a', readonly: 'yes' }], 'invalid_config', '"readonly" of a mount is true or false, not a text.'],
    [[{ uri: 'fake://a', options: 'x' }], 'invalid_config', '"options" of a mount is an object, not a text.'],
    [[{ uri: 'fake://a', at: 'relative' }], 'invalid_path', 'A path starts with "/".'],
    [[{ uri: 'fake://a', at: '/__sys__/x' }], 'invalid_argument', '/__sys__'],
    [[{ backend: {}, at: '/x' }], 'invalid_config', '"backend" of a mount is an open Backend'],
    [[{ backend: fakeBackend('own') }], 'invalid_config', 'says where'],
    [[{ mountPoint: '/x' }], 'invalid_config', 'both "mountPoint" and "backendType"'],
    [['fake://a', { skipUnavailble: true }], 'invalid_config', 'Did you mean "skipUnavailable"?'],
    [['fake://a', { ephemeral: 1 }], 'invalid_config', '"ephemeral" of the options of mount() is true or false, not 1.'],
    [['fake://a', { signal: {} }], 'invalid_config', '"signal" is an AbortSignal.'],
    [['fake://a', 'fake://b', { at: '/x' }], 'invalid_argument', '"at" goes with exactly one source, and there are 2.'],
    [[{ uri: 'fake://a', at: '/y' }, { at: '/x' }], 'invalid_argument', '"at" is given twice'],
    [['fake://a?layout=cas'], 'unsupported', 'cannot hold a repository'],
    [['fake://a?layout=path&verify=none'], 'invalid_config', 'The option "verify" means something for a repository only'],
    [['fake://a?writers=one'], 'invalid_config', 'The option "writers"'],
    [['fake://a?priority=high'], 'invalid_config', 'The option "priority" is a whole number, not "high".'],
  ])('%j fails with %s', async (args, code, message) => {
    const last = args.at(-1)
    const isOptions = typeof last === 'object' && last !== null && !['uri', 'backend', 'mountPoint'].some((name) => name in last)
    const backends = { fake: fakeDefinition() }
    const given = isOptions ? [...args.slice(0, -1), { ...last, backends }] : [...args, { backends }]
    await expect(mountIn(fakeEnvironment(root), given)).rejects.toEqual(failing(code, message))
  })
})

describe('layout', () => {
  const opened = async (found: 'path' | 'empty' | 'cas', query = ''): Promise<unknown> => {
    const fake = fakeDefinition({ layout: found })
    const fs = await mountIn(fakeEnvironment(root), [`fake://a${query}`, { backends: { fake } }])
    const [info] = await fs.listMounts()
    await fs.close()
    return info?.layout
  }

  it('is what the storage holds, and path where no repository fits', async () => {
    expect(await opened('path')).toBe('path')
    expect(await opened('empty')).toBe('path')
    await expect(opened('cas')).rejects.toEqual(failing('unsupported', 'cannot hold a repository'))
  })

  it('is what the URI says', async () => {
    expect(await opened('cas', '?layout=path')).toBe('path')
  })
})
