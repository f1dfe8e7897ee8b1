import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type MountedNexusFS, mount, unfinishedMoves } from '@nexus/core'
import { type S3Double, startS3Double } from '@nexus/doubles'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { fails } from './kernel-support.ts'

const files = Array.from({ length: 12 }, (_, number) => `${['', 'a/', 'a/b/'][number % 3]}file-${number}`)
let root: string
let double: S3Double
let saved: string | undefined

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'nexus-move-bucket-'))
  saved = process.env['NEXUS_FS_STATE_DIR']
  process.env['NEXUS_FS_STATE_DIR'] = join(root, 'state')
  double = await startS3Double({ buckets: ['one', 'two'] })
})
afterEach(async () => {
  if (saved === undefined) Reflect.deleteProperty(process.env, 'NEXUS_FS_STATE_DIR')
  else process.env['NEXUS_FS_STATE_DIR'] = saved
  await double.close()
  await rm(root, { recursive: true })
})

function open(): Promise<MountedNexusFS> {
  const { accessKeyId, secretAccessKey } = double.account
  const bucket = (name: string): { uri: string; at: string; options: object } => ({ uri: `s3://${name}`, at: `/${name}`, options: { layout: 'path', endpoint: double.url, region: 'us-east-1', accessKeyId, secretAccessKey, conditions: 'all' } })
  return mount(bucket('one'), bucket('two'), { uri: `local://${join(root, 'data')}?layout=path&durability=os`, at: '/data' }, { ephemeral: true, resolveFrom: import.meta.url })
}

async function fill(directory: string): Promise<void> {
  await using fs = await open()
  for (const path of files) await fs.write(`${directory}/${path}`, path)
}

async function move(from: string, to: string): Promise<unknown> {
  await using fs = await open()
  return await fs.rename(from, to, { allowNonAtomic: true })
}

async function expectArrived(from: string, to: string): Promise<void> {
  await using fs = await open()
  for (const path of files) expect(await fs.readText(`${to}/${path}`)).toBe(path)
  expect(await fs.exists(from)).toBe(false)
  expect(await readdir(join(root, 'state', 'moves'))).toEqual([])
}

it.each([
  ['/data/t', '/one/t', 'PutObject'],
  ['/one/t', '/data/t', 'GetObject'],
  ['/one/t', '/two/t', 'CopyObject'],
])('a move from %s to %s that the service breaks off goes on, and copies each file once', async (from, to, kind) => {
  await fill(from)
  double.requests.clear()
  const method = kind === 'GetObject' ? 'GET' : 'PUT'
  const body = '<Error><Code>InvalidArgument</Code><Message>broken off</Message></Error>'
  double.faults.add({
    when: (request) => request.method === method && request.target.includes('/file-') && (request.headers['x-amz-copy-source'] !== undefined) === (kind === 'CopyObject'),
    skip: 5,
    action: { kind: 'answer', answer: { status: 400, headers: { 'content-type': 'application/xml' }, body } },
  })
  await fails(move(from, to), 'invalid_argument')
  expect(double.faults.struck).toBe(1)
  expect(await unfinishedMoves()).toMatchObject([{ kind: 'directory', isUnderWay: false }])
  await move(from, to)
  const sent = double.requests.records.filter((record) => record.kind === kind && record.status < 300 && record.target.includes('/file-')).length
  // What was under way when the service refused is given up, or read once more to see that it arrived; nothing is written twice.
  expect(sent).toBeGreaterThanOrEqual(files.length)
  expect(sent).toBeLessThanOrEqual(files.length + (kind === 'GetObject' ? 8 : 0))
  await expectArrived(from, to)
})
