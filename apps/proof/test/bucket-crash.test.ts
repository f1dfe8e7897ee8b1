import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startGcsService, startS3Service } from '../src/buckets/bucket-service.ts'
import { inspectBucket, killBucketWriters, repositoryUri } from '../src/crash/bucket-round.ts'
import { runBucketCrashSuite } from '../src/crash/bucket-suite.ts'
import { chooseSeed, createRandom } from '../src/model/random.ts'
import { enterEnvironment } from './bucket-mount-kit.ts'

const seed = chooseSeed()

describe(`processes killed while they write to a bucket (NEXUS_SEED=${seed})`, () => {
  it.each([
    ['S3', startS3Service],
    ['GCS', startGcsService],
  ])('lose nothing that was acknowledged, tear nothing and leave nothing for good in %s, in 8 kills', { timeout: 300_000 }, async (_, start) => {
    const report = await runBucketCrashSuite({ start, kills: 8, seed })
    expect(report.problems).toEqual([])
    // The kills struck writers that had been promised something, at requests that were meant.
    expect(report.acknowledged).toBeGreaterThan(20)
    expect(report.struck.length).toBeGreaterThan(1)
  })

  it('are seen to lose something when they acknowledge before they commit', { timeout: 120_000 }, async () => {
    const service = await startS3Service()
    const directory = mkdtempSync(join(tmpdir(), 'nexus-bucket-crash-'))
    const leave = enterEnvironment(service.env)
    onTestFinished(async () => {
      leave()
      await service.close()
      rmSync(directory, { recursive: true, force: true })
    })
    const bucket = await service.createBucket()
    const shared = { service, bucket, directory, random: createRandom(seed), writers: 1, death: { during: 'commit', moment: 'before', nth: 20 }, acknowledgesEarly: true } as const
    let lost: string[] = []
    // What was under way may be a step of maintenance, of which nothing was promised: then another writer.
    for (let number = 0; number < 12 && lost.length === 0; number++) {
      const { accounts, hasStruck } = await killBucketWriters({ ...shared, name: `early-${number}` })
      expect(hasStruck).toBe(true)
      lost = await inspectBucket(repositoryUri(service, bucket), accounts)
    }
    expect(lost).not.toEqual([])
  })
})
