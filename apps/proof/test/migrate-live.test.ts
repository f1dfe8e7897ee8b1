import { join } from 'node:path'
import { type MigrateProgress, type MountedNexusFS, type MountOptions, readMounts } from '@nexus/core'
import { type S3Double, startS3Double } from '@nexus/doubles'
import { describe, expect, it, onTestFinished } from 'vitest'
import { chooseSeed, createRandom } from '../src/model/random.ts'
import { expectModel, type Model, openData, openPlace, plant, startWorker } from './migrate-kit.ts'

const seed = chooseSeed()
const uris = {
  'a local directory': (root: string, name: string) => `local://${join(root, name)}?layout=path&durability=os`,
  'a local repository': (root: string, name: string) => `local://${join(root, name)}?layout=cas&durability=os`,
  memory: (_root: string, name: string) => `memory://${name}`,
} as const
type Kind = keyof typeof uris
const ways: readonly (readonly [Kind, Kind])[] = [
  ['a local directory', 'a local repository'],
  ['a local repository', 'a local directory'],
  ['a local directory', 'a local directory'],
  ['a local repository', 'a local repository'],
  ['memory', 'a local repository'],
  ['a local directory', 'memory'],
]

async function migrateAmongWorkers(fs: MountedNexusFS, uri: string, options: object = {}): Promise<Model> {
  const model: Model = new Map()
  const random = createRandom(seed)
  await plant(fs, { model, random, files: 60 })
  const workers = Array.from({ length: 4 }, (_, index) => startWorker(fs, { directory: `/w${index}`, seed: seed + index, model }))
  const result = await fs.migrate('/data', uri, { allowLoss: true, options })
  expect(result).toMatchObject({ mountPoint: '/data', isSwitched: true })
  const steps = await Promise.all(workers.map(({ stop }) => stop()))
  expect(Math.min(...steps)).toBeGreaterThan(0)
  return model
}

describe(`a mount that is migrated among writers, renamers and deleters (NEXUS_SEED=${seed})`, () => {
  it.each(ways)('from %s to %s holds exactly what was acknowledged, and nobody fails', { timeout: 120_000 }, async (from, to) => {
    const root = await openPlace()
    await using fs = await openData(uris[from](root, 'one'))
    const target = uris[to](root, 'two')
    const model = await migrateAmongWorkers(fs, target)
    await expectModel(fs, model)
    const info = await fs.getMountInfo('/data')
    expect(info).toMatchObject({ mountPoint: '/data', backendType: to === 'memory' ? 'memory' : 'local' })
    if (to === 'memory') return
    if (from !== 'memory') expect((await readMounts()).map(({ uri }) => uri)).toEqual([info?.uri])
    await fs.close()
    await using again = await openData(target)
    await expectModel(again, model)
  })

  it('takes a file that was renamed over another of its size, whatever the times say', async () => {
    const root = await openPlace()
    await using fs = await openData(uris['a local directory'](root, 'one'))
    for (const name of ['a', 'b', 'c', 'd']) await fs.write(`/data/${name}`, `file ${name}`)
    let renamed: Promise<unknown> | undefined
    const onProgress = ({ phase, files }: MigrateProgress): void => {
      if (phase === 'copying' && files === 2) renamed ??= fs.rename('/data/a', '/data/b')
    }
    await fs.migrate('/data', uris['a local directory'](root, 'two'), { concurrency: 1, onProgress })
    await renamed
    expect(await fs.readText('/data/b')).toBe('file a')
    expect(await fs.exists('/data/a')).toBe(false)
  })

  it.each([['local', 's3'], ['s3', 'local'], ['s3', 's3']] as const)('between %s and %s, in trees of objects too', { timeout: 120_000 }, async (from, to) => {
    const root = await openPlace()
    const double = await startS3Double({ buckets: ['one', 'two'] })
    onTestFinished(() => double.close())
    const place = (scheme: 'local' | 's3', name: string): { readonly uri: string; readonly options: object } =>
      scheme === 's3' ? { uri: `s3://${name}`, options: bucketOptions(double) } : { uri: uris['a local directory'](root, name), options: {} }
    const [source, target] = [place(from, 'one'), place(to, 'two')]
    await using fs = await openData(source.uri, ephemeral, source.options)
    const model = await migrateAmongWorkers(fs, target.uri, target.options)
    await expectModel(fs, model)
    await fs.close()
    await using again = await openData(target.uri, ephemeral, target.options)
    await expectModel(again, model)
  })
})

const ephemeral: MountOptions = { ephemeral: true }

function bucketOptions({ url, account: { accessKeyId, secretAccessKey } }: S3Double): object {
  return { layout: 'path', endpoint: url, region: 'us-east-1', accessKeyId, secretAccessKey, conditions: 'all' }
}
