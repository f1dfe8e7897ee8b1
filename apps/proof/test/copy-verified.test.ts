import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type MountedNexusFS, mount } from '@nexus/core'
import { damaged, type HttpAnswer, type HttpRequest } from '@nexus/doubles'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bucketUri, type DoubleService, startGcsService, startS3Service } from '../src/buckets/bucket-service.ts'
import { enterEnvironment } from './bucket-mount-kit.ts'
import { fails } from './kernel-support.ts'
import { noise } from './repository-kit.ts'

const [small, large] = [noise(100_000, 1), noise(9 * 1024 ** 2, 2)]
/** What is told of objects takes less than their bytes. */
const toldBytes = 50_000

describe.each([
  ['S3', startS3Service],
  ['GCS', startGcsService],
] as const)('a copy into %s', (_name, start) => {
  let root: string
  let service: DoubleService
  let leave: () => void
  let fs: MountedNexusFS

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'nexus-copy-verified-'))
    service = await start()
    leave = enterEnvironment({ ...service.env, NEXUS_FS_STATE_DIR: join(root, 'state') })
    const bucket = bucketUri(service, { bucket: await service.createBucket(), layout: 'path' })
    fs = await mount({ uri: `local://${join(root, 'data')}?layout=path&durability=os`, at: '/data' }, { uri: bucket, at: '/bucket' }, { ephemeral: true, resolveFrom: import.meta.url, tiers: [{ from: '/data/tiered', to: '/bucket/tier', paths: 'keep', largerThan: '1k' }] })
    await fs.write('/data/tree/small', small)
    await fs.write('/data/tree/large', large)
    for (const path of ['moved', 'tiered/large']) await fs.write(`/data/${path}`, large)
    service.http.requests.clear()
  })
  afterEach(async () => {
    await fs.close()
    leave()
    await service.close()
    await rm(root, { recursive: true })
  })

  const isFile = ({ method, target }: HttpRequest): boolean => method !== 'GET' && /small|uploadType/.test(target)
  /** The answer, telling of another checksum than the one that it tells. */
  const otherChecksum = (answer: HttpAnswer): HttpAnswer => {
    const headers = { ...answer.headers, ...(answer.headers?.['x-amz-checksum-crc32'] !== undefined && { 'x-amz-checksum-crc32': 'AAAAAA==' }) }
    const body = typeof answer.body === 'string' ? answer.body.replace(/"crc32c":"[^"]*"/, '"crc32c":"AAAAAA=="') : answer.body
    return { ...answer, headers, body }
  }

  it('is believed where the service tells the checksum of what it stored', async () => {
    await fs.copy('/data/tree/large', '/bucket/copy/large')
    await fs.copyTree('/data/tree', '/bucket/tree')
    await fs.syncTree('/data/tree', '/bucket/synced')
    await fs.rename('/data/moved', '/bucket/moved')
    expect(await fs.tier()).toMatchObject([{ files: 1 }])
    expect(service.http.requests.bytes().received).toBeGreaterThan(4 * large.length)
    expect(service.http.requests.bytes().sent).toBeLessThan(toldBytes)
    for (const path of ['copy/large', 'tree/large', 'synced/large', 'moved', 'tier/large']) expect(Buffer.from(await fs.read(`/bucket/${path}`)).equals(large)).toBe(true)
  })

  it('that the service says to be something else fails, and a moved file stays', async () => {
    for (const verb of ['copy', 'rename'] as const) {
      service.http.faults.add({ when: isFile, action: { kind: 'change', change: otherChecksum } })
      await fails(fs[verb]('/data/tree/small', '/bucket/small'), 'outcome_unknown')
    }
    expect(service.http.faults.struck).toBe(2)
    expect(await fs.exists('/data/tree/small')).toBe(true)
  })

  it('is read back where the service tells none', async () => {
    const untold = (answer: HttpAnswer): HttpAnswer => {
      const headers = Object.fromEntries(Object.entries(answer.headers ?? {}).filter(([name]) => !name.includes('checksum')))
      return { ...answer, headers, body: typeof answer.body === 'string' ? answer.body.replace(/"crc32c":"[^"]*",?/, '') : answer.body }
    }
    service.http.faults.add({ when: isFile, action: { kind: 'change', change: untold } })
    await fs.copy('/data/tree/small', '/bucket/small')
    expect(service.http.requests.bytes().sent).toBeGreaterThan(small.length)
    service.http.faults.add({ when: isFile, action: { kind: 'change', change: untold } })
    // What comes back is damaged, and so is what says so.
    service.http.faults.add({ when: ({ method, target }) => method === 'GET' && target.includes('small'), times: 9, action: { kind: 'change', change: (answer) => untold(damaged()(answer)) } })
    await fails(fs.rename('/data/tree/small', '/bucket/other-small'), 'corrupt')
    expect(await fs.exists('/data/tree/small')).toBe(true)
  })
})
