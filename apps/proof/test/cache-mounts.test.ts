import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect, mount, type MountedNexusFS, type NexusFS, type SlimNexusFS } from '@nexus/core'
import { damaged } from '@nexus/doubles'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { bucketUri, type DoubleService, startGcsService, startS3Service } from '../src/buckets/bucket-service.ts'
import { enterEnvironment } from './bucket-mount-kit.ts'
import { blockFiles, pattern, stateDirectory } from './cache-kit.ts'

/** A service, and this process with its credentials in the environment. */
function useService(start: () => Promise<DoubleService>): { readonly service: () => DoubleService; readonly state: () => string } {
  let service: DoubleService
  let leave: () => void
  let state = ''
  beforeAll(async () => {
    service = await start()
    leave = enterEnvironment(service.env)
  })
  beforeEach(async () => {
    state = await stateDirectory()
    process.env['NEXUS_FS_STATE_DIR'] = state
  })
  afterAll(async () => {
    leave()
    await service.close()
  })
  return { service: () => service, state: () => state }
}

const same = async (fs: SlimNexusFS, path: string, content: Uint8Array): Promise<void> => expect(Buffer.from(content).equals(await fs.read(path))).toBe(true)

/** What a call asks the service. */
async function kindsOf({ http }: DoubleService, call: () => Promise<unknown>): Promise<string[]> {
  http.requests.clear()
  await call()
  return http.requests.records.map(({ kind }) => kind)
}

describe('contents of a repository in a bucket', () => {
  const { service, state } = useService(startS3Service)
  const large = pattern(3_000_000)
  const open = (uri: string): Promise<MountedNexusFS> => mount({ uri, at: '/m' }, { ephemeral: true, resolveFrom: import.meta.url })
  const prepare = async (): Promise<string> => {
    const uri = `${bucketUri(service(), { bucket: await service().createBucket(), layout: 'cas' })}&freshnessMs=60000`
    const fs = await open(uri)
    await fs.write('/m/a', large)
    await fs.copy('/m/a', '/m/copy')
    await fs.close()
    return uri
  }

  it('are asked for once: whole, in ranges, at another path, and by another mount', async () => {
    const uri = await prepare()
    const fs = await open(uri)
    await fs.stat('/m/a')
    expect(await kindsOf(service(), () => same(fs, '/m/a', large))).not.toEqual([])
    const again = async (on: SlimNexusFS): Promise<void> => {
      await same(on, '/m/a', large)
      await same(on, '/m/copy', large)
      expect(Buffer.from(await on.read('/m/copy', { range: { offset: 1_234_567, length: 5000 } })).equals(large.subarray(1_234_567, 1_239_567))).toBe(true)
      expect(Buffer.from(await on.read('/m/a', { range: { suffix: 77 } })).equals(large.subarray(-77))).toBe(true)
    }
    expect(await kindsOf(service(), () => again(fs))).toEqual([])
    await fs.close()
    const other = await open(uri)
    await other.stat('/m/a')
    expect(await kindsOf(service(), () => again(other))).toEqual([])
    await other.close()
  })

  it('are verified, as the bucket gives them and as the disk does', async () => {
    const uri = await prepare()
    const fs = await open(uri)
    await fs.stat('/m/a')
    const isContent = (target: string): boolean => target.includes('/cas/')
    service().http.faults.add({ when: ({ method, target }) => method === 'GET' && isContent(target), times: 1000, action: { kind: 'change', change: damaged() } })
    await expect(fs.read('/m/a')).rejects.toMatchObject({ code: 'corrupt' })
    expect(service().http.faults.struck).toBeGreaterThan(0)
    service().http.faults.clear()
    // It was put in quarantine; whoever has the content heals it.
    await fs.write('/m/a', large)
    await same(fs, '/m/a', large)
    await fs.close()
    const blocks = await blockFiles(state())
    expect(blocks.length).toBe(12)
    for (const block of blocks.slice(0, 3)) {
      const stored = await readFile(block)
      stored[1000] = (stored[1000] ?? 0) ^ 1
      await writeFile(block, stored)
    }
    const other = await open(uri)
    await other.stat('/m/a')
    expect(await kindsOf(service(), () => same(other, '/m/a', large))).not.toEqual([])
    expect(await kindsOf(service(), () => same(other, '/m/a', large))).toEqual([])
    await other.close()
  })

  it('that a sync brings away are not kept', async () => {
    const uri = await prepare()
    const fs = await mount({ uri, at: '/m' }, { uri: 'memory://near', at: '/near' }, { ephemeral: true, resolveFrom: import.meta.url })
    await fs.syncTree('/m', '/near/m')
    await same(fs, '/near/m/a', large)
    await fs.close()
    expect(await blockFiles(state())).toEqual([])
  })
})

describe('the option `cache`', () => {
  const { service, state } = useService(startS3Service)
  const prepare = async (): Promise<{ readonly uri: string; readonly at: string }> => {
    const uri = bucketUri(service(), { bucket: await service().createBucket(), layout: 'path' })
    const fs = await mount({ uri, at: '/m' }, { ephemeral: true, resolveFrom: import.meta.url, cache: false })
    await fs.write('/m/a', pattern(50_000))
    await fs.close()
    return { uri, at: '/m' }
  }
  /** Whether a second look makes requests. */
  const asksAgain = async (fs: SlimNexusFS | NexusFS): Promise<{ readonly stat: boolean; readonly read: boolean }> => {
    await fs.stat('/m/a')
    await fs.read('/m/a')
    const stat = (await kindsOf(service(), () => fs.stat('/m/a'))).length > 0
    const read = (await kindsOf(service(), () => fs.read('/m/a'))).length > 0
    await fs.close()
    return { stat, read }
  }

  it('of mount() remembers by default, bounds contents, and turns both off', async () => {
    const place = await prepare()
    const open = (cache?: object | false): Promise<MountedNexusFS> => mount(place, { ephemeral: true, resolveFrom: import.meta.url, ...(cache !== undefined && { cache }) })
    expect(await asksAgain(await open(false))).toEqual({ stat: true, read: true })
    expect(await blockFiles(state())).toEqual([])
    expect(await asksAgain(await open({ contentBytes: 0, memoryBytes: 0 }))).toEqual({ stat: false, read: true })
    expect(await asksAgain(await open({ contentBytes: 0 }))).toEqual({ stat: false, read: false })
    expect(await blockFiles(state())).toEqual([])
    expect(await asksAgain(await open())).toEqual({ stat: false, read: false })
    expect((await blockFiles(state())).length).toBe(1)
    for (const cache of [{ contentBytes: -1 }, { blocks: 3 }, 'off']) await expect(open(cache as object)).rejects.toMatchObject({ code: expect.stringMatching(/^invalid_/) as string })
  })

  it('of a nexus.yaml holds for connect(), whose own wins', async () => {
    const place = await prepare()
    const directory = await stateDirectory()
    const configFile = join(directory, 'nexus.yaml')
    const write = (cache: string): Promise<void> => writeFile(configFile, `mounts:\n  - uri: ${JSON.stringify(place.uri)}\n    at: /m\n${cache}`)
    await write('cache: false\n')
    expect(await asksAgain(await connect({ configFile }, { resolveFrom: import.meta.url }))).toEqual({ stat: true, read: true })
    expect(await asksAgain(await connect({ configFile }, { resolveFrom: import.meta.url, cache: {} }))).toEqual({ stat: false, read: false })
    await rm(state(), { recursive: true })
    await write('cache:\n  content_bytes: 0\n  memory_bytes: 0\n')
    expect(await asksAgain(await connect({ configFile }, { resolveFrom: import.meta.url }))).toEqual({ stat: false, read: true })
    expect(await asksAgain(await connect({ mounts: [place] }, { resolveFrom: import.meta.url, cache: false }))).toEqual({ stat: true, read: true })
    await write('cache:\n  content_bytes: -1\n')
    await expect(connect({ configFile }, { resolveFrom: import.meta.url })).rejects.toThrow(/nexus\.yaml:\d+/)
  })
})

describe('a listing of GCS', () => {
  const { service } = useService(startGcsService)

  it('answers the stats of what it shows', async () => {
    const uri = bucketUri(service(), { bucket: await service().createBucket(), layout: 'path' })
    const writer = await mount({ uri, at: '/m' }, { ephemeral: true, resolveFrom: import.meta.url, cache: false })
    for (const name of ['a', 'd/b', 'd/c']) await writer.write(`/m/${name}`, name, { contentType: 'text/plain', metadata: { of: name } })
    const fs = await mount({ uri, at: '/m' }, { ephemeral: true, resolveFrom: import.meta.url })
    await Array.fromAsync(fs.list('/m', { recursive: true }))
    for (const name of ['a', 'd/b', 'd/c']) {
      const told: unknown[] = []
      expect(await kindsOf(service(), async () => told.push(await fs.stat(`/m/${name}`)))).toEqual([])
      expect(told).toEqual([await writer.stat(`/m/${name}`)])
    }
    await Promise.all([fs.close(), writer.close()])
  })
})
