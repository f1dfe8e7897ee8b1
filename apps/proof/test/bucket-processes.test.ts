import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fsck, inspectStorage, journalStart, mount, type MountedNexusFS, openRepository } from '@nexus/core'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { bucketUri, type DoubleService, startGcsService, startS3Service } from '../src/buckets/bucket-service.ts'
import { startChild } from '../src/crash/child.ts'
import { enterEnvironment } from './bucket-mount-kit.ts'

const script = join(import.meta.dirname, '..', 'src', 'processes', 'bucket-child.ts')
const processes = ['one', 'two', 'three', 'four'] as const
const count = 50

interface Acknowledged {
  readonly own: number[]
  readonly claimed: number[]
  readonly counted: number[]
}

/** Runs the processes side by side, each as on a machine of its own. @returns What each was promised */
async function run(service: DoubleService, uri: string): Promise<Map<string, Acknowledged>> {
  const promised = new Map<string, Acknowledged>()
  const children = processes.map((name) => {
    const told: Acknowledged = { own: [], claimed: [], counted: [] }
    promised.set(name, told)
    const state = mkdtempSync(join(tmpdir(), 'nexus-process-'))
    onTestFinished(() => rmSync(state, { recursive: true, force: true }))
    const onLine = (line: string): void => {
      for (const [kind, index] of Object.entries(JSON.parse(line) as Record<keyof Acknowledged, number>)) told[kind as keyof Acknowledged].push(index)
    }
    return startChild(script, { args: [uri, name, String(count)], onLine, env: { ...service.env, NEXUS_FS_STATE_DIR: state } })
  })
  for (const { ended } of children) expect(await ended).toEqual({ signal: null, status: 0, errors: '' })
  return promised
}

/** Everything that was promised, as one more opening finds it. */
async function expectKept(fs: MountedNexusFS, promised: ReadonlyMap<string, Acknowledged>): Promise<void> {
  const winners = Array.from({ length: count }, (): string[] => [])
  for (const [name, { own, claimed }] of promised) {
    expect(own).toEqual(Array.from({ length: count }, (_, index) => index))
    for (const index of own) expect(await fs.readText(`/b/own/${name}/${index}`)).toBe(`${name} ${index}`)
    for (const index of claimed) winners[index]?.push(name)
  }
  for (const [index, names] of winners.entries()) expect([await fs.readText(`/b/claims/${index}`)], `claim ${index}`).toEqual(names)
  const counted = [...promised.values()].flatMap((told) => told.counted).length
  expect(counted).toBe(processes.length * Math.ceil(count / 5))
  expect(await fs.readText('/b/shared/counter')).toBe(String(counted))
}

async function open(uri: string): Promise<MountedNexusFS> {
  return await mount({ uri, at: '/b' }, { ephemeral: true, resolveFrom: import.meta.url })
}

describe.each([
  ['S3', startS3Service],
  ['GCS', startGcsService],
])('4 processes writing one bucket of %s', (_, start) => {
  let service: DoubleService
  let leave: () => void
  beforeEach(async () => {
    service = await start()
    leave = enterEnvironment(service.env)
  })
  afterEach(async () => {
    leave()
    await service.close()
  })

  it('lose no commit and double none, as a repository', { timeout: 180_000 }, async () => {
    const uri = bucketUri(service, { bucket: await service.createBucket(), layout: 'cas' })
    {
      await using first = await open(uri)
      await first.write('/b/shared/counter', '0')
    }
    const promised = await run(service, uri)
    // Another machine: its index is made from the bucket alone.
    leave()
    leave = enterEnvironment(service.env)
    await using fs = await open(uri)
    await expectKept(fs, promised)
    const backend = await openRepository(await (await inspectStorage(uri, { resolveFrom: import.meta.url })).openStores())
    const numbers: number[] = []
    for (let at = journalStart, some = await backend.repository.journal.newer(at); some.length > 0; some = await backend.repository.journal.newer(at)) {
      numbers.push(...some.map(({ sequence }) => sequence))
      at = some.at(-1)?.end ?? at
    }
    // One commit each: the counter, every own file, every claim once, every step of the counter.
    expect(numbers).toEqual(Array.from({ length: 1 + processes.length * count + count + processes.length * (count / 5) }, (_unused, index) => index + 1))
    expect(await fsck(backend.repository, { readData: true })).toMatchObject({ ok: true, commits: numbers.length })
    await backend.close()
  })

  it('lose no file and no count, as plain objects', { timeout: 180_000 }, async () => {
    const uri = bucketUri(service, { bucket: await service.createBucket(), prefix: 'some/prefix', layout: 'path' })
    {
      await using first = await open(uri)
      await first.write('/b/shared/counter', '0')
    }
    const promised = await run(service, uri)
    await using fs = await open(uri)
    await expectKept(fs, promised)
  })
})
