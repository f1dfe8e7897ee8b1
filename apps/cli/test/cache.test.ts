import { createKernel, metadataCache } from '@nexus/core'
import { parsePath } from '@nexus/core/contract'
import { expect, it } from 'vitest'
import { jsonLines, openScratch } from './cli-harness.ts'

it('cache stats shows what is remembered, and clear forgets it, of one mount or of all', async () => {
  await using scratch = await openScratch()
  expect((await scratch.run(['cache', 'stats'])).stdout).toContain('Nothing is remembered.')
  const directory = `${scratch.directory}/state`
  for (const label of ['s3://one', 's3://two']) {
    const backend = metadataCache({ directory, label })(Object.assign(createKernel(), { cacheScope: `scope of ${label}` }))
    await backend.stat(parsePath('/__sys__/version'))
    await backend.close()
  }
  expect(jsonLines((await scratch.run(['cache', 'stats', '--json'])).stdout).map(({ labels, stats }) => [labels, stats])).toEqual(expect.arrayContaining([[['s3://one'], 1], [['s3://two'], 1]]))
  expect((await scratch.run(['cache', 'stats'])).stdout).toMatch(/STATS.*STORAGE[^]*s3:\/\/(one|two)/)
  expect((await scratch.run(['cache', 'clear', 's3://one'])).stdout).toContain('1 storage')
  const left = jsonLines((await scratch.run(['cache', 'stats', '--json'])).stdout).map(({ labels, stats }) => [labels, stats])
  expect(left).toEqual(expect.arrayContaining([[['s3://one'], 0], [['s3://two'], 1]]))
  expect((await scratch.run(['cache', 'clear', '/absent'])).code).not.toBe(0)
  expect((await scratch.run(['cache', 'clear'])).code).toBe(0)
  expect(jsonLines((await scratch.run(['cache', 'stats', '--json'])).stdout).map(({ stats }) => stats)).toEqual([0, 0])
})
