import { type BackendDefinition, fsck, inspectStorage, mount, NexusError } from '@nexus/core'
import { withPrefix } from '@nexus/object-storage'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DoubleService, startGcsService, startS3Service } from '../src/buckets/bucket-service.ts'
import { mountBucket, ownState } from './bucket-faults-kit.ts'
import { indexFile, openBucket, openBucketStores, openInBucket, storesOf, type TestBucket } from './bucket-kit.ts'

const decoder = new TextDecoder()

async function descriptor({ store }: TestBucket): Promise<Record<string, unknown>> {
  const body = await store.get('nexus.json')
  return JSON.parse(await new Response(body?.stream).text()) as Record<string, unknown>
}

test('opening writes nothing; the first write makes the repository, after a probe that leaves nothing', async () => {
  const bucket = openBucket()
  const one = await openInBucket(bucket)
  await expect(one.text('/a')).rejects.toMatchObject({ code: 'not_found' })
  expect(bucket.store.requests.put).toBe(0)
  await one.write('/a', 'a')
  expect(await bucket.keys()).toEqual(['journal/00000000000000000001', 'nexus.json'])
  expect(await descriptor(bucket)).toMatchObject({ marker: 'nexus-repository', authority: 'journal' })
})

test('a place that holds something else is refused, also when it came since the first look; markers are nothing', async () => {
  const bucket = openBucket()
  await bucket.store.put('directory/', new Uint8Array(0))
  const one = await openInBucket(bucket)
  await bucket.store.put('theirs.txt', Uint8Array.of(1))
  await expect(one.write('/a', 'a')).rejects.toMatchObject({ code: 'not_empty' })
  await bucket.store.delete(['theirs.txt'])
  await one.write('/a', 'a')
  expect(await one.text('/a')).toBe('a')
})

test('two that make a repository at once share the one of the first', async () => {
  const bucket = openBucket()
  const both = await Promise.all([openInBucket(bucket), openInBucket(bucket)])
  bucket.before = () => new Promise((resolve) => void setImmediate(resolve))
  await Promise.all(both.map(({ write }, number) => write(`/${number}`, 'x')))
  const reader = await openInBucket(bucket)
  expect([await reader.text('/0'), await reader.text('/1')]).toEqual(['x', 'x'])
})

test('whoever looks while another one makes the repository, at whichever request, uses that one', async () => {
  for (let turn = 1; turn <= 8; turn++) {
    const bucket = openBucket()
    const [one, other] = [await openInBucket(bucket), await openInBucket(bucket)]
    let seen = 0
    bucket.before = async () => {
      if (++seen !== turn) return
      bucket.before = () => undefined
      await one.write('/first', 'x')
    }
    await other.write('/second', 'y')
    bucket.before = () => undefined
    if (turn <= 5) expect(seen).toBe(turn)
    const reader = await openInBucket(bucket)
    expect(await reader.text('/second')).toBe('y')
    if (seen >= turn) expect(await reader.text('/first')).toBe('x')
  }
})

test('an answer to the making of nexus.json that was lost is found out', async () => {
  const bucket = openBucket()
  const one = await openInBucket(bucket)
  bucket.before = ({ verb, key, after }) => {
    if (verb !== 'put' || key !== 'nexus.json') return
    bucket.before = () => undefined
    after(() => {
      throw new NexusError('outcome_unknown')
    })
  }
  await one.write('/a', 'a')
  expect(await one.text('/a')).toBe('a')
})

/** A service that takes the condition and ignores it. */
function careless(bucket: TestBucket): TestBucket {
  return { ...bucket, store: { ...bucket.store, put: (key, body, options) => bucket.store.put(key, body, { ...options, condition: undefined }) } }
}

test('a service that ignores the condition is found out when a repository is made, and by every writer after', async () => {
  const bucket = openBucket()
  const one = await openInBucket(careless(bucket))
  await expect(one.write('/a', 'a')).rejects.toMatchObject({ code: 'read_only', reason: expect.stringContaining('writers=one') as string })
  expect(await bucket.keys()).toEqual([])
  await (await openInBucket(bucket)).write('/a', 'a')
  const later = await openInBucket(careless(bucket))
  await expect(later.write('/b', 'b')).rejects.toMatchObject({ code: 'read_only' })
  expect(await later.text('/a')).toBe('a')
  const only = await openInBucket(careless(bucket), { writers: 'one' })
  await only.write('/b', 'b')
  expect(await only.text('/b')).toBe('b')
})

test('without create-only writes a repository is read-only and says why, unless one writer is promised', async () => {
  const bucket = openBucket({ conditions: { absent: false, match: false } })
  const only = await openInBucket(bucket, { writers: 'one' })
  await only.write('/a', 'a')
  await only.write('/b', 'b')
  const one = await openInBucket(bucket)
  expect(one.backend.capabilities.readonly).toBe(true)
  await expect(one.write('/c', 'c')).rejects.toMatchObject({ code: 'read_only', reason: expect.stringContaining('writers=one') as string })
  expect(await one.text('/b')).toBe('b')
})

test('one writer without conditions finds out a lost answer too', async () => {
  const bucket = openBucket({ conditions: { absent: false, match: false } })
  const only = await openInBucket(bucket, { writers: 'one' })
  await only.write('/a', 'a')
  let count = 0
  bucket.before = ({ verb, key, after }) => {
    if (verb === 'put' && key.startsWith('journal/') && ++count === 1) after(() => {
      throw new NexusError('outcome_unknown')
    })
  }
  await only.write('/b', 'b')
  expect(count).toBe(1)
  expect(await bucket.keys('journal/')).toHaveLength(2)
})

test('with another authority than the journal a repository opens read-only', async () => {
  const bucket = openBucket()
  await (await openInBucket(bucket)).write('/a', 'a')
  await bucket.store.put('nexus.json', new TextEncoder().encode(JSON.stringify({ ...(await descriptor(bucket)), authority: 'postgres:main' })))
  const one = await openInBucket(bucket)
  expect(await one.text('/a')).toBe('a')
  await expect(one.write('/b', 'b')).rejects.toMatchObject({ code: 'read_only', reason: expect.stringContaining('postgres:main') as string })
})

test('a journal without nexus.json is damage, which fsck repairs', async () => {
  const bucket = openBucket()
  const one = await openInBucket(bucket)
  await one.write('/a', 'a')
  const before = await descriptor(bucket)
  await bucket.store.delete(['nexus.json'])
  await expect(openInBucket(bucket)).rejects.toMatchObject({ code: 'corrupt' })
  const report = await fsck({ ...(await storesOf(bucket)), indexPath: indexFile() }, { repair: true })
  expect(report.ok).toBe(true)
  expect((await descriptor(bucket))['id']).toBe(before['id'])
  expect(await (await openInBucket(bucket)).text('/a')).toBe('a')
})

test("a nexus.json without our marker is somebody else's file", async () => {
  const bucket = openBucket()
  await bucket.store.put('nexus.json', new TextEncoder().encode('{"name":"theirs"}'))
  await expect(openInBucket(bucket)).rejects.toMatchObject({ code: 'invalid_config' })
})

test('a read-only repository writes nothing at all', async () => {
  const bucket = openBucket()
  await (await openInBucket(bucket)).write('/a', 'a')
  bucket.count()
  const one = await openInBucket(bucket, { readonly: true })
  expect(await one.text('/a')).toBe('a')
  await expect(one.write('/b', 'b')).rejects.toMatchObject({ code: 'read_only' })
  const { put, copy, delete: deleted } = bucket.count()
  expect([put, copy, deleted]).toEqual([undefined, undefined, undefined])
})

test('a journal object cut short is damage', async () => {
  const bucket = openBucket()
  await (await openInBucket(bucket)).write('/a', 'a content that is cut')
  const [key = ''] = await bucket.keys('journal/')
  const whole = new Uint8Array(await new Response((await bucket.store.get(key))?.stream).arrayBuffer())
  await bucket.store.put(key, whole.subarray(0, whole.length - 5))
  await expect(openInBucket(bucket)).rejects.toMatchObject({ code: 'corrupt' })
})

test('mount options reach the storage: freshness, and the promise of one writer', async () => {
  const bucket = openBucket({ conditions: { absent: false, match: false } })
  const definition: BackendDefinition = {
    scheme: 'bucket',
    contract: 1,
    fromUri: () => ({}),
    parseConfig: (input) => input,
    open: () => Promise.reject(new NexusError('unsupported')),
    openStore: (_config, context) => openBucketStores({ ...bucket.store, close: () => Promise.resolve() }, { ...context, now: bucket.clock.now }),
  }
  const directory = indexFile()
  process.env['NEXUS_FS_STATE_DIR'] = `${directory}.state`
  try {
    const options = { backends: { bucket: definition }, ephemeral: true } as const
    {
      await using fs = await mount('bucket://b?layout=cas', { ...options, at: '/b' })
      await expect(fs.write('/b/a', 'a')).rejects.toMatchObject({ code: 'read_only', reason: expect.stringContaining('writers=one') as string })
    }
    await using only = await mount('bucket://b?layout=cas&writers=one&freshnessMs=60000', { ...options, at: '/b' })
    await only.write('/b/a', 'a')
    bucket.count()
    for (let number = 0; number < 10; number++) expect(decoder.decode(await only.read('/b/a'))).toBe('a')
    expect(bucket.count()).toEqual({ all: 0 })
    expect((await inspectStorage('bucket://b', { backends: { bucket: definition } })).holds).toBe('repository')
  } finally {
    delete process.env['NEXUS_FS_STATE_DIR']
  }
})

/** What is below a prefix, as a bucket of its own. */
function below(bucket: TestBucket, prefix: string): TestBucket {
  return { ...bucket, store: { ...bucket.store, ...withPrefix(bucket.store, prefix) } }
}

test('a repository is refused inside another one and above one; beside one it begins', async () => {
  const bucket = openBucket()
  await (await openInBucket(below(bucket, 'a/'))).write('/kept', 'kept')
  for (const prefix of ['a/b/', 'a/cas/']) {
    await expect(openInBucket(below(bucket, prefix))).rejects.toMatchObject({ code: 'invalid_config', reason: expect.stringContaining('Nexus repository "memory://bucket/a"') as string })
  }
  const above = await openInBucket(bucket)
  const keys = await bucket.keys()
  await expect(above.write('/x', 'x')).rejects.toMatchObject({ code: 'not_empty' })
  expect(await bucket.keys()).toEqual(keys)
  await (await openInBucket(below(bucket, 'ab/'))).write('/x', 'x')
  expect(await (await openInBucket(below(bucket, 'a/'))).text('/kept')).toBe('kept')
})

describe.each([['S3', startS3Service], ['GCS', startGcsService]])('mounts in the double of %s', (_, start) => {
  let service: DoubleService
  let leave: () => Promise<void>
  beforeAll(async () => {
    service = await start()
    leave = await ownState()
  })
  afterAll(async () => {
    await leave()
    await service.close()
  })

  /** A bucket with a repository below `tree/repo`, and a file beside it. */
  async function bucketAround(): Promise<string> {
    const bucket = await service.createBucket()
    await using inner = await mountBucket(service, { bucket, prefix: 'tree/repo', layout: 'cas' })
    await inner.write('/b/kept', 'kept')
    await using outer = await mountBucket(service, { bucket, layout: 'path' })
    await outer.write('/b/tree/file', 'x')
    return bucket
  }

  test('a mount inside a repository is refused, whatever its layout, and so is a repository as files', async () => {
    const bucket = await bucketAround()
    for (const layout of ['path', 'cas', undefined] as const) {
      for (const prefix of ['tree/repo/journal', 'tree/repo/deep/below']) {
        const refused = { code: 'invalid_config', reason: expect.stringMatching(/^It lies in the Nexus repository ".*\/tree\/repo"; mount that one instead\.$/) as string }
        await expect(mountBucket(service, { bucket, prefix, layout })).rejects.toMatchObject(refused)
      }
    }
    await expect(mountBucket(service, { bucket, prefix: 'tree/repo', layout: 'path' })).rejects.toMatchObject({ code: 'invalid_config', reason: expect.stringContaining('layout=cas') as string })
    await using found = await mountBucket(service, { bucket, prefix: 'tree/repo' })
    expect(decoder.decode(await found.read('/b/kept'))).toBe('kept')
  })

  test('a repository inside a tree is one closed directory, and stays whole', async () => {
    const bucket = await bucketAround()
    const before = service.keys(bucket)
    await using fs = await mountBucket(service, { bucket, layout: 'path' })
    const paths = async (path: string): Promise<string[]> => (await Array.fromAsync(fs.list(path, { recursive: true }))).map((entry) => entry.path)
    expect(await paths('/b')).toEqual(['/b/tree', '/b/tree/file', '/b/tree/repo'])
    expect(await paths('/b/tree/repo')).toEqual([])
    const calls: (() => Promise<unknown>)[] = [
      () => fs.read('/b/tree/repo/nexus.json'), () => fs.write('/b/tree/repo/new', 'x'), () => fs.write('/b/tree/repo/new/deep', 'x'), () => fs.mkdir('/b/tree/repo/new'),
      () => fs.delete('/b/tree/repo/nexus.json'), () => fs.delete('/b/tree/repo', { recursive: true }), () => fs.delete('/b/tree', { recursive: true }),
      () => fs.rename('/b/tree/repo', '/b/moved'), () => fs.rename('/b/tree/file', '/b/tree/repo/file'), () => fs.copy('/b/tree/repo/nexus.json', '/b/out'),
    ]
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'unsupported' })
    expect(service.keys(bucket)).toEqual(before)
    await using inner = await mountBucket(service, { bucket, prefix: 'tree/repo', layout: 'cas' })
    expect(decoder.decode(await inner.read('/b/kept'))).toBe('kept')
  })

  test('a tree above a repository is no place for another one', async () => {
    const bucket = await bucketAround()
    await using fs = await mountBucket(service, { bucket, layout: 'cas' })
    await expect(fs.write('/b/x', 'x')).rejects.toMatchObject({ code: 'not_empty' })
  })
})
