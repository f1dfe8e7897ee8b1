import { mkdtemp, open, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLocalStore } from '@nexus/backend-local'
import { openRepository, parsePath, type RepositoryBackend } from '@nexus/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const files = 1500

describe('an index with damaged pages', () => {
  let root: string

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'nexus-damaged-index-'))
    const backend = await openBackend(root)
    await Promise.all(Array.from({ length: files }, (_, index) => backend.write(parsePath(`/d/file-${index}`), Buffer.from(`content ${index}`))))
    await backend.close()
  })
  afterEach(() => rm(root, { recursive: true, force: true }))

  it('is made again from the journal when a read meets the damage', async () => {
    await overwritePages(join(root, 'index.db'))
    const backend = await openBackend(root)
    for (let index = 0; index < files; index++) {
      const content = await backend.read(parsePath(`/d/file-${index}`))
      expect(await content.text()).toBe(`content ${index}`)
    }
    await backend.close()
  })

  it('is made again from the journal when a write meets the damage', async () => {
    await overwritePages(join(root, 'index.db'))
    const backend = await openBackend(root)
    for (let index = 0; index < files; index += 10) await backend.write(parsePath(`/d/file-${index}`), Buffer.from('new'))
    expect((await backend.stat(parsePath('/d/file-10'))).sizeBytes).toBe(3)
    await backend.close()
  })
})

async function openBackend(root: string): Promise<RepositoryBackend> {
  const stores = await openLocalStore({ root })
  return openRepository({ ...stores, indexPath: join(root, 'index.db'), durability: 'os' })
}

/** Leaves the first pages, so that the index opens and looks right. */
async function overwritePages(path: string): Promise<void> {
  const { size } = await stat(path)
  const file = await open(path, 'r+')
  const start = Math.ceil(size / 3 / 4096) * 4096
  expect(size - start).toBeGreaterThan(16 * 4096)
  await file.write(Buffer.alloc(size - start, 0xa5), 0, undefined, start)
  await file.close()
}
