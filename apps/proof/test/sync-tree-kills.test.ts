import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { localBackend } from '@nexus/backend-local'
import { mount, type MountedNexusFS } from '@nexus/core'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startChild } from '../src/crash/child.ts'
import { chunkBytes } from '../src/model/body.ts'
import { chooseSeed, createRandom, type Random } from '../src/model/random.ts'

const seed = chooseSeed()
const script = join(import.meta.dirname, '../src/processes/sync-tree-child.ts')
const sizes = [0, 10, 5000, 100_000, 300_000, 300_001, 3_000_000]
const files = 60

async function open(uris: readonly [string, string]): Promise<MountedNexusFS> {
  return await mount({ uri: uris[0], at: '/from' }, { uri: uris[1], at: '/to' }, { ephemeral: true, backends: { local: localBackend } })
}

async function plant(uris: readonly [string, string], random: Random): Promise<void> {
  await using fs = await open(uris)
  for (let index = 0; index < files; index++) await fs.write(`/from/d${index % 7}/f${index}`, chunkBytes({ seed: index, sizeBytes: random.pick(sizes) }))
}

/** Runs the child and kills it after so many lines and a moment; `undefined` lets it end. @returns Whether it was killed */
async function runChild(uris: readonly [string, string], killAfter: number | undefined, delayMs: number): Promise<boolean> {
  let lines = 0
  const child = startChild(script, {
    args: uris,
    onLine: () => {
      if (++lines === killAfter) setTimeout(() => child.process.kill('SIGKILL'), delayMs)
    },
  })
  const { signal, status, errors } = await child.ended
  if (signal !== 'SIGKILL') expect({ status, errors }).toEqual({ status: 0, errors: '' })
  return signal === 'SIGKILL'
}

/** Every file that the target shows is the source's, whole. @returns How many there are */
async function compareTarget(uris: readonly [string, string]): Promise<number> {
  await using fs = await open(uris)
  let count = 0
  for await (const { path, kind } of fs.list('/to', { recursive: true })) {
    if (kind === 'directory') continue
    count++
    expect(Buffer.compare(await fs.read(path), await fs.read(path.replace('/to', '/from'))), path).toBe(0)
  }
  return count
}

describe(`a sync that is killed (NEXUS_SEED=${seed})`, () => {
  it.each(['path', 'cas'])('into layout %s leaves no half file, and repeated it copies each file once', { timeout: 300_000 }, async (layout) => {
    const random = createRandom(seed)
    const root = await mkdtemp(join(tmpdir(), 'nexus-sync-kills-'))
    onTestFinished(() => rm(root, { recursive: true, force: true }))
    const uris = [`local://${root}/from?layout=path&durability=os`, `local://${root}/to?layout=${layout}&durability=os`] as const
    await plant(uris, random)
    let kills = 0
    for (let left = 6; left > 0; left--) {
      if (await runChild(uris, 1 + random.int(12), random.int(4))) kills++
      await compareTarget(uris)
    }
    expect(kills).toBeGreaterThan(2)
    await runChild(uris, undefined, 0)
    expect(await compareTarget(uris)).toBe(files)
    if (layout === 'path') return
    await using fs = await open(uris)
    for await (const { path, kind } of fs.list('/to', { recursive: true })) {
      if (kind === 'directory') continue
      const versions = await Array.fromAsync(fs.versions(path))
      expect(versions, JSON.stringify([versions, await fs.stat(path.replace('/to', '/from'))])).toHaveLength(1)
    }
  })
})
